"""Monitoring by mail and by signed request, through a real desk."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maildesk.model.mail import Source
from maildesk.web.app import create_app
from maildesk.web.events import Events
from maildesk.web.links.link_pages import Health
from tests.web.served import Visitor
from tests.world import World, build, shipped_policy

ICINGA = {"name": "icinga", "address": "icinga@example.org", "format": "icinga"}
RELAY = {"name": "nagios", "address": "nagios@example.org", "format": "nagios", "proof": False}
SECRET = b"s" * 40


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    policy = shipped_policy(monitoring={"source": [ICINGA, RELAY]})
    made = build(f"sqlite:///{tmp_path}/desk.db", policy=policy)
    yield made
    made.close()


def reports(world: World, subject: str, *, sender: str = "icinga@example.org", **more: Any) -> None:
    world.writes("rita", "The disk.", sender=sender, subject=subject, trusted=True, **more)


def test_a_problem_is_one_ticket_until_it_is_over(world: World) -> None:
    reports(world, "[PROBLEM] disk on web01 is CRITICAL!")
    reports(world, "[PROBLEM] disk on web01 is CRITICAL!")
    reports(world, "[PROBLEM] disk on web02 is CRITICAL!")
    assert world.numbers() == [1001, 1002]
    reports(world, "[RECOVERY] disk on web01 is OK!")
    assert [world.ticket(n).status for n in world.numbers()] == ["Resolved by Event", "New"]
    assert world.replayed(1001) == world.ticket(1001)


@pytest.mark.parametrize(
    ("form", "problem", "recovery", "text"),
    [
        ("nagios", "** PROBLEM Host Alert: a is DOWN **", "** RECOVERY Host Alert: a is UP **", ""),
        ("icinga", "[PROBLEM] disk on a is CRITICAL!", "[RECOVERY] disk on a is OK!", ""),
        ("zabbix", "Problem: Disk is full", "Resolved in 5m 3s: Disk is full", "Host: a"),
        ("alertmanager", "[FIRING:1] Down a (eu)", "[RESOLVED] Down a (eu critical)", ""),
        ("checkmk", "Check_MK: a/CPU load OK -> CRIT", "Check_MK: a/CPU load CRIT -> OK", ""),
    ],
)
def test_each_system_opens_one_ticket_and_resolves_it(
    tmp_path: Path, form: str, problem: str, recovery: str, text: str
) -> None:
    system = {"name": form, "address": "monitor@example.org", "format": form}
    policy = shipped_policy(monitoring={"source": [system]})
    world = build(f"sqlite:///{tmp_path}/desk.db", policy=policy)
    for subject in (problem, problem, recovery, problem, recovery):
        world.writes("rita", text, sender="monitor@example.org", subject=subject, trusted=True)
    assert [world.ticket(n).status for n in world.numbers()] == ["Resolved by Event"]
    assert world.ticket(1001).flaps == 1
    assert world.replayed(1001) == world.ticket(1001)
    world.close()


def test_after_the_end_the_ticket_closes_and_the_next_problem_is_another(world: World) -> None:
    reports(world, "[PROBLEM] disk on web01 is CRITICAL!")
    reports(world, "[RECOVERY] disk on web01 is OK!")
    world.clock.forward(hours=25)
    world.desk.tick()
    assert world.ticket(1001).is_closed
    reports(world, "[PROBLEM] disk on web01 is CRITICAL!")
    assert world.numbers() == [1001, 1002]


def test_nothing_is_ever_sent_to_a_monitoring_system(world: World) -> None:
    reports(world, "[PROBLEM] disk on web01 is CRITICAL!")
    ann = next(one for one in world.outgoing_mails() if one.to == "ann@example.org")
    world.writes("ann", "Looking into it.", answering=ann)
    reports(world, "[RECOVERY] disk on web01 is OK!")
    world.clock.forward(hours=25)
    world.desk.tick()
    assert {one.to for one in world.outgoing_mails()} <= {"ann@example.org", "lee@example.org"}


def test_a_machine_that_says_so_is_read_all_the_same(world: World) -> None:
    reports(
        world,
        "[PROBLEM] disk on web01 is CRITICAL!",
        headers={"Auto-Submitted": "auto-generated", "Precedence": "bulk"},
    )
    assert world.disposition() == "new-ticket"


def test_a_forged_recovery_resolves_nothing(world: World) -> None:
    reports(world, "[PROBLEM] disk on web01 is CRITICAL!")
    world.writes(
        "mallory", "", sender="icinga@example.org", subject="[RECOVERY] disk on web01 is OK!"
    )
    assert world.ticket(1001).status == "New"
    assert world.messages(1001)[-1][0] == "unproven"


def test_a_machine_of_the_own_net_may_be_believed_unsigned(world: World) -> None:
    for subject in ("PROBLEM Host Alert: web01 is DOWN", "RECOVERY Host Alert: web01 is UP"):
        world.writes("rita", "", sender="nagios@example.org", subject=f"** {subject} **")
    assert world.ticket(1001).status == "Resolved by Event"


def test_other_mail_of_the_address_is_a_mail_like_any(world: World) -> None:
    reports(world, "Weekly report")
    assert world.disposition() == "new-ticket"
    assert world.ticket(1001).event_key is None


def test_the_explanation_names_the_system_and_the_problem(world: World) -> None:
    reports(world, "[PROBLEM] disk on web01 is CRITICAL!")
    steps = {step["name"]: step for step in map(dict, world.mails()[-1].trace)}
    assert "icinga" in json.dumps(steps["monitoring"])


# ---- by signed request


def client(world: World) -> Visitor:
    events = Events(
        secret=SECRET,
        systems={"icinga": "icinga@example.org"},
        keep=world.desk.keep,
        on_kept=lambda: None,
        clock=world.clock,
    )
    desk = world.runtime.settings.desk
    return Visitor(create_app(world.door, desk, lambda: Health(()), events))


def signed(world: World, body: bytes, *, late: int = 0, secret: bytes = SECRET) -> dict[str, str]:
    at = int(world.clock.now.timestamp()) - late
    code = hmac.new(secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Maildesk-Signature": f"t={at},v1={code}"}


def body(**changes: Any) -> bytes:
    said = {"source": "icinga", "key": "web01/disk", "report": "problem", "summary": "Disk full"}
    return json.dumps(said | changes).encode()


def post(world: World, content: bytes, **options: Any) -> tuple[int, Any]:
    answer = client(world).post(
        "/events", content=content, headers=signed(world, content, **options)
    )
    world.work()
    return answer.status_code, answer.json()


def test_a_signed_request_opens_and_resolves_a_ticket(world: World) -> None:
    assert post(world, body()) == (202, {"kept": True})
    assert post(world, body(report="recovery")) == (202, {"kept": True})
    assert [world.ticket(n).status for n in world.numbers()] == ["Resolved by Event"]
    assert [mail.source for mail in world.mails()] == [Source.EVENT, Source.EVENT]


def test_a_request_and_a_mail_speak_of_the_same_problem(world: World) -> None:
    reports(world, "[PROBLEM] disk on web01 is CRITICAL!")
    post(world, body(key="disk on web01", report="recovery"))
    assert world.ticket(1001).status == "Resolved by Event"


def test_the_same_id_twice_is_one_report(world: World) -> None:
    post(world, body(id="4711"))
    world.clock.forward(minutes=1)
    assert post(world, body(id="4711")) == (202, {"kept": True})
    assert world.disposition() == "duplicate"


def test_the_same_id_of_two_problems_is_two_reports(world: World) -> None:
    post(world, body(id="4711"))
    post(world, body(id="4711", key="web02/disk"))
    assert world.numbers() == [1001, 1002]


@pytest.mark.parametrize(
    ("content", "options", "status"),
    [
        (body(), {"secret": b"x" * 40}, 401),  # another key
        (body(), {"late": 301}, 401),  # an old request, played again
        (body(source="zabbix"), {}, 404),
        (body(report="maybe"), {}, 400),
        (body(key="a\r\nBcc: mallory@example.org"), {}, 400),
        (body(summary="x\x00"), {}, 400),
        (body(key=""), {}, 400),
        (body(key=" "), {}, 400),  # it would be the problem of no name
        (
            body(key="a\u2028b"),
            {},
            400,
        ),  # a line end, says Unicode, and no header field can have it
        (body(summary="a\u2029b"), {}, 400),
        (body(key="a\x85b"), {}, 400),
        (body(more=1), {}, 400),
        (b"not json", {}, 400),
    ],
)
def test_a_wrong_request_is_refused_and_leaves_nothing(
    world: World, content: bytes, options: dict[str, Any], status: int
) -> None:
    code, answer = post(world, content, **options)
    assert (code, answer["kept"]) == (status, False)
    assert answer["why"]
    assert world.mails() == []


def test_a_request_without_a_signature_or_too_large_is_refused(world: World) -> None:
    page = client(world)
    assert page.post("/events", content=body()).status_code == 401
    large = body(text="x" * 200_000)
    assert page.post("/events", content=large, headers=signed(world, large)).status_code == 413
    assert page.get("/events").status_code in (404, 405)


def test_without_a_key_there_is_no_such_page(world: World) -> None:
    page = Visitor(create_app(world.door, world.runtime.settings.desk, lambda: Health(())))
    assert page.post("/events", content=body(), headers=signed(world, body())).status_code == 404


def test_the_example_of_the_docs_is_understood(world: World, monkeypatch: Any) -> None:
    docs = (Path(__file__).resolve().parents[2] / "docs" / "monitoring.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", docs, re.DOTALL)
    sent: list[Any] = []
    monkeypatch.setattr("urllib.request.urlopen", sent.append)
    monkeypatch.setattr("time.time", lambda: world.clock.now.timestamp())
    monkeypatch.setenv("MAILDESK_EVENTS_KEY", SECRET.decode())
    exec(example, {})
    headers = {"Maildesk-Signature": sent[0].get_header("Maildesk-signature")}
    assert client(world).post("/events", content=sent[0].data, headers=headers).status_code == 202
