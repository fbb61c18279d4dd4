"""Every mail that we send, on a phone in light and dark: axe-core finds no fault."""

import re
import shutil
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Locator, ViewportSize, sync_playwright

from maildesk.model.decision import OutgoingMail, Template
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message
from tests.outgoing.cast import MAX, RITA
from tests.outgoing.test_compose import composed, parts
from tests.outgoing.test_templates import LATE, MONTH, REPORT, SOON, reported

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


def mails() -> Iterator[tuple[str, str]]:
    """A name and the HTML of each mail, with all that it can carry."""
    for template in Template:
        outgoing_mail = OutgoingMail(
            template=template,
            to=MAX.id,
            text="Some words.\n\nAnd a list:\n- one\n- two",
            note=Message.verbatim("A note."),
            links=tuple(Purpose),
            warnings=(SOON, LATE),
            report=REPORT,
        )
        yield template, parts(composed(outgoing_mail, recipient=MAX, author=RITA))[1]
    yield "a report of a month", reported(MONTH)[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_mail(chromium: Browser, scheme: Literal["light", "dark"]) -> None:
    context = chromium.new_context(viewport=PHONE, color_scheme=scheme)
    page = context.new_page()
    for name, html in mails():
        page.set_content(html)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], f"{name} scrolls sideways"
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_plot_has_enough_contrast(chromium: Browser, scheme: Literal["light", "dark"]) -> None:
    """WCAG 2.2, 1.4.11: three to one between what is drawn and what is behind it."""
    context = chromium.new_context(viewport=PHONE, color_scheme=scheme)
    page = context.new_page()
    page.set_content(reported(REPORT)[1])
    ground = _colour(page.locator(".card"))
    for drawn in (".opened", ".closed"):
        assert _contrast(_colour(page.locator(drawn).first), ground) >= 3
    tall = page.locator("td.opened[height='72']").bounding_box()
    low = page.locator("td.closed[height='54']").bounding_box()
    assert tall is not None
    assert low is not None
    assert round(tall["height"]) == 72
    assert round(low["y"] + low["height"]) == round(tall["y"] + tall["height"])  # one base line
    context.close()


def _colour(found: Locator) -> tuple[float, ...]:
    text = found.evaluate("one => getComputedStyle(one).backgroundColor")
    return tuple(int(part) / 255 for part in re.findall(r"\d+", text)[:3])


def _contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
