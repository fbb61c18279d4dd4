"""The workflow diagram shows every status and every transition."""

import xml.etree.ElementTree as ET

from maildesk.config.schema.workflow import Workflow
from maildesk.lifecycle.workflow.diagram import mermaid, svg
from tests.world import shipped_policy

FLOW = shipped_policy().workflow
SVG = "{http://www.w3.org/2000/svg}"


def test_the_svg_shows_every_status_and_every_move() -> None:
    root = ET.fromstring(svg(FLOW))
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert {status.name for status in FLOW.status} <= set(words)
    assert len(root.findall(f"{SVG}g")) == len(FLOW.move)
    dots = sum(len(move.from_) for move in FLOW.move)
    assert len(list(root.iter(f"{SVG}circle"))) == dots


def test_the_svg_follows_light_and_dark() -> None:
    assert "prefers-color-scheme: dark" in svg(FLOW)


def test_a_name_of_markup_stays_a_name() -> None:
    status = [{"name": "<b>&", "state": "Open"}, {"name": "Completed", "state": "Closed"}]
    way = {"from": "<b>&", "to": "Completed", "by": ["agent"]}
    flow = Workflow.model_validate({"status": status, "move": [way], "roles": {"new": "<b>&"}})
    assert "<b>&" in [text.text for text in ET.fromstring(svg(flow)).iter(f"{SVG}text")]
    assert "<b>" not in mermaid(flow)


def test_mermaid_has_an_arrow_for_every_move() -> None:
    lines = mermaid(FLOW).splitlines()
    arrows = sum(len(move.from_) for move in FLOW.move)
    assert lines[0] == "stateDiagram-v2"
    assert len([line for line in lines if "-->" in line]) == arrows + 2  # the begin and the end
