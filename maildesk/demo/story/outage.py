"""Act 2 of the story: the VPN fails at night, handled by mail and by monitoring reports."""

import hashlib
import hmac
import json
import time
import urllib.request
from collections.abc import Iterator

from maildesk.demo.mailbox_mail import Draft, Letter
from maildesk.demo.story.cast import ANN, DESK_ADDRESS, LEE, MAX, RITA, Persona
from maildesk.demo.story.narration import NotAsItShould, Step, same, within
from maildesk.demo.story.stage import Stage
from maildesk.model.ticket import spoken

_KEY = "vpn gateway"
_CURE = "The gateway runs again, on its second power supply."


def _monitoring_reports(stage: Stage) -> Iterator[str]:
    same("the status of the signed request", 202, _report(stage, "problem"))
    letter = stage.letters["outage"] = stage.gets_new(LEE, "VPN gateway does not answer")
    number = stage.remember("outage", letter)
    ticket = stage.ticket(number)
    same("who reported it", "event", ticket.source)
    same("its team", "Network", ticket.team)
    yield f"a signed request opens {spoken(number)} for the network team"
    same("the status of the second request", 202, _report(stage, "problem"))
    stage.settles()
    same("the newest ticket", number, stage.newest())
    yield "the same report again does not open a ticket"


def _two_people_write(stage: Stage) -> Iterator[str]:
    for persona, name in ((RITA, "rita"), (MAX, "max")):
        _writes(stage, persona, name, "VPN is down", "I cannot work from home.")
        yield f"{persona.name} writes: {spoken(stage.numbers[name])}"


def _writes(stage: Stage, persona: Persona, name: str, subject: str, text: str) -> None:
    stage.send(persona, Draft(to=DESK_ADDRESS, subject=subject, text=text))
    letter = stage.letters[name] = stage.gets_new(persona, "ticket number is")
    stage.remember(name, letter)


def _lee_ties_them_together(stage: Stage) -> Iterator[str]:
    rita, max_ = stage.numbers["rita"], stage.numbers["max"]
    commands = f"#child {spoken(rita)}\n#child {spoken(max_)}\n#take"
    letter = _commands(stage, LEE, stage.letters["outage"], commands)
    for number in (rita, max_):
        same(f"the parent of {spoken(number)}", stage.numbers["outage"], _parent(stage, number))
        within("the transcript", f"{spoken(number)} is now a child of this ticket", letter.text)
    yield (
        f"two #child commands: the transcript confirms {spoken(stage.numbers['outage'])} as "
        "parent of both"
    )


def _parent(stage: Stage, number: int) -> int | None:
    return stage.ticket(number).parent


def _ann_escalates(stage: Stage) -> Iterator[str]:
    _writes(stage, RITA, "printer", "Printer prints nothing", "Not one page since last night.")
    work = stage.gets(ANN, "Not one page", stage.numbers["printer"])
    letter = _commands(stage, ANN, work, "#escalate L2 the print server is behind the gateway")
    ticket = stage.ticket(stage.numbers["printer"])
    same("status and team", ("Escalated", "Network"), (ticket.status, ticket.team))
    within("the transcript", "Network", letter.text)
    yield "#escalate L2: In Progress / Escalated, assigned to the network team"
    stage.letters["escalated"] = stage.gets(LEE, "print server", ticket.number)
    stage.gets(RITA, "passed to", ticket.number)
    yield "Lee reads the reason, and Rita is notified of the escalation"


def _lee_takes_it_back(stage: Stage) -> Iterator[str]:
    number = stage.numbers["printer"]
    before = stage.ticket(number)
    transcript = _commands(stage, LEE, stage.letters["escalated"], "#priority P1\n#tag gateway")
    within("the transcript", "#undo", transcript.text)
    same("the priority", "P1", stage.ticket(number).priority)
    yield "#priority P1 and #tag on the wrong ticket"
    stage.reply(LEE, transcript, "#undo")
    after = stage.until(number, lambda ticket: ticket.priority == before.priority)
    same("tags and priority", (before.tags, before.priority), (after.tags, after.priority))
    stage.gets(LEE, "Undone", number)
    yield "#undo in a reply to the transcript restores the ticket"


def _lee_resolves_the_parent(stage: Stage) -> Iterator[str]:
    outage = stage.numbers["outage"]
    stage.reply(LEE, stage.letters["outage"], f"#resolve {_CURE}")
    for persona, name in ((RITA, "rita"), (MAX, "max")):
        stage.gets(persona, _CURE, stage.numbers[name])
        stage.becomes("Resolved by Origin ticket", stage.numbers[name])
        child = spoken(stage.numbers[name])
        yield f"{child}: Resolved by Origin ticket, and {persona.name} is notified"
    same("the parent", "Waiting for Closure", stage.becomes("Waiting for Closure", outage).status)


def _another_night(stage: Stage) -> Iterator[str]:
    same("the status of the request", 202, _report(stage, "problem", key="backup"))
    letter = stage.gets_new(ANN, "does not answer")
    number = stage.remember("backup", letter)
    yield f"another problem opens another ticket: {spoken(number)}"
    same("the status of the request", 202, _report(stage, "recovery", key="backup"))
    ticket = stage.becomes("Resolved by Event", number)
    if ticket.close_due is None:
        raise NotAsItShould("the ticket", "a date for automatic closure", None)
    yield "the problem ends: Resolved / Resolved by Event, and the ticket closes automatically"


def _commands(stage: Stage, persona: Persona, letter: Letter, lines: str) -> Letter:
    """Send a mail that contains only commands. Returns the transcript."""
    stage.reply(persona, letter, lines)
    return stage.gets(persona, "All commands were carried out", stage.number_of(letter))


def _report(stage: Stage, report: str, key: str = _KEY) -> int:
    """Post a signed report as in docs/monitoring.md. Returns the HTTP status."""
    settings = stage.house.config.settings.web
    assert settings.events_key is not None
    secret = settings.events_key.value.get_secret_value().encode()
    summary = "VPN gateway does not answer" if key == _KEY else "The backup does not answer"
    said = {"source": "monitoring", "key": key, "report": report, "summary": summary}
    body, at = json.dumps(said).encode(), str(int(time.time()))
    code = hmac.new(secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
    request = urllib.request.Request(
        f"{settings.base_url}/events",
        data=body,
        headers={"Maildesk-Signature": f"t={at},v1={code}", "Content-Type": "application/json"},
    )
    return stage.asked_for(request).status


OUTAGE: tuple[Step[Stage], ...] = (
    ("Monitoring reports at night that the VPN gateway is down", _monitoring_reports),
    ("Rita and Max report it, too", _two_people_write),
    ("Lee links the tickets", _lee_ties_them_together),
    ("Ann escalates a ticket: #escalate", _ann_escalates),
    ("Lee changes the wrong ticket and undoes it", _lee_takes_it_back),
    ("Lee resolves the cause", _lee_resolves_the_parent),
    ("Another problem ends without help", _another_night),
)
