"""A calendar part (RFC 5545) as one readable line: what, when, where, who asks. Never raises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CHARACTERS = 200_000
_LINES = 5_000
_LONGEST = 300
_EVENTS = 5

_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r"([A-Za-z0-9-]{1,40})((?:;[^\s:;=\"]{1,40}=(?:\"[^\"]*\"|[^\":;]*))*):(.*)")
_PARAMETER = re.compile(r";([^=;]{1,40})=(?:\"([^\"]*)\"|([^\":;]*))")
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_ESCAPE = re.compile(r"\\([\\;,nN])")

_METHODS = {
    "REQUEST": "invitation",
    "CANCEL": "cancelled",
    "COUNTER": "another time proposed",
    "DECLINECOUNTER": "the other time is declined",
}
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "accepted tentatively"}


@dataclass(frozen=True, slots=True)
class _Property:
    """One content line: its parameters and its value."""

    params: dict[str, str]
    value: str

    @property
    def text(self) -> str:
        """The value without its escapes, on one line."""
        plain = _ESCAPE.sub(lambda found: " " if found[1] in "nN" else found[1], self.value)
        return " ".join(plain[: _LONGEST * 2].split())[:_LONGEST]


def line(calendar: str) -> str:
    """What the first five events of a calendar say, a line each; "" where it holds none."""
    said = calendar[:_CHARACTERS].removeprefix("\ufeff")
    method = ""
    shown: dict[str, None] = {}
    event: dict[str, _Property] | None = None
    for name, found in _properties(said):
        word = found.value.strip().upper()
        if name == "METHOD" and event is None:
            method = word
        elif name == "BEGIN" and word in ("VEVENT", "VTODO"):
            event = {}
        elif name == "END" and word in ("VEVENT", "VTODO") and event is not None:
            shown[_shown(method, event)] = None
            event = None
        elif event is not None:
            event.setdefault(name, found)
        if len(shown) == _EVENTS:
            break
    return "\n".join(shown)


def _properties(calendar: str) -> Iterator[tuple[str, _Property]]:
    """The content lines, but for those of alarms, which repeat the event's names."""
    alarm = False
    for at in _FOLD.sub("", calendar).splitlines()[:_LINES]:
        found = _LINE.match(at[:4_000])
        if not found:
            continue
        name, value = found[1].upper(), found[3]
        if name in ("BEGIN", "END") and value.strip().upper() == "VALARM":
            alarm = name == "BEGIN"
        elif not alarm:
            params = {key.upper(): (a or b) for key, a, b in _PARAMETER.findall(found[2])}
            yield name, _Property(params, value)


def _shown(method: str, event: dict[str, _Property]) -> str:
    said = [event["SUMMARY"].text if "SUMMARY" in event else "", _when(event)]
    if "LOCATION" in event:
        said.append(f"where: {event['LOCATION'].text}")
    if "ORGANIZER" in event:
        said.append(f"organiser: {_person(event['ORGANIZER'])}")
    told = "; ".join(one for one in said if one and not one.endswith(": "))
    return f"[Calendar: {_kind(method, event)}] {told}".rstrip()


def _kind(method: str, event: dict[str, _Property]) -> str:
    if method == "REPLY" and "ATTENDEE" in event:
        attendee = event["ATTENDEE"]
        answer = _ANSWERS.get(attendee.params.get("PARTSTAT", "").upper(), "answered")
        return f"{answer} by {_person(attendee)}"
    cancelled = "STATUS" in event and event["STATUS"].value.strip().upper() == "CANCELLED"
    return "cancelled" if cancelled else _METHODS.get(method, "event")


def _person(found: _Property) -> str:
    address = re.sub(r"(?i)^mailto:", "", found.value.strip())[:_LONGEST]
    name = " ".join(found.params.get("CN", "").split())[:_LONGEST]
    return f"{name} <{address}>" if name and name != address else address


def _when(event: dict[str, _Property]) -> str:
    """The time as it is written, in the zone it is written in."""
    start = _TIME.match(event["DTSTART"].value) if "DTSTART" in event else None
    if not start:
        return ""
    zone = event["DTSTART"].params.get("TZID", "") or ("UTC" if start[6] else "")
    end = _TIME.match(event["DTEND"].value) if "DTEND" in event else None
    told = _clock(start) + (f" to {_until(start, end)}" if end and start[4] and end[4] else "")
    repeats = ", repeats" if "RRULE" in event else ""
    return told + (f" ({zone[:60]})" if zone else "") + repeats


def _clock(at: re.Match[str]) -> str:
    day = f"{at[1]}-{at[2]}-{at[3]}"
    return f"{day} {at[4]}:{at[5]}" if at[4] else day


def _until(start: re.Match[str], end: re.Match[str]) -> str:
    same_day = start.group(1, 2, 3) == end.group(1, 2, 3)
    return f"{end[4]}:{end[5]}" if same_day else _clock(end)
