"""Reads a monitoring system's report: which problem, and whether it began or ended.

`FORMS` has the formats that the systems send by default, one row each. The patterns are RE2, whose
time is linear in the text, since an admin's pattern is applied to a stranger's mail. They are
applied to the subject and, below it, the beginning of the text.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import re2  # type: ignore[import-untyped]

from maildesk.config.schema.monitoring import Format, Monitoring, Reporter
from maildesk.model.monitoring import Report

_TEXT_CHARACTERS = 4_000
_KEY_CHARACTERS = 200
_HASHED = 16
_UP = frozenset({"OK", "UP"})
_MEMORY_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Signal:
    """One report. `key` is the same for the same problem of the same system."""

    report: Report
    key: str


@dataclass(frozen=True, slots=True)
class _Form:
    """A pattern with the groups `key` and, where one form tells several things, `said`."""

    pattern: str
    report: Report | None = None


# `said` decides where a form has no report of its own.
_SAID = {
    "PROBLEM": Report.PROBLEM,
    "RECOVERY": Report.RECOVERY,
    "FIRING": Report.PROBLEM,
    "RESOLVED": Report.RECOVERY,
}

FORMS: Mapping[Format, tuple[_Form, ...]] = {
    # ** PROBLEM Service Alert: web01/disk is CRITICAL **
    # ** RECOVERY Host Alert: web01 is UP **
    # ** PROBLEM alert - web01/disk is CRITICAL **
    "nagios": (
        _Form(r"^\*\* (?P<said>[A-Z]+)[^:\n]* Alert: (?P<key>[^\n]+) is [A-Z]+ \*\*"),
        _Form(r"^\*\* (?P<said>[A-Z]+) alert - (?P<key>[^\n]+) is [A-Z]+ \*\*"),
    ),
    # [PROBLEM] disk on web01 is CRITICAL!      [RECOVERY] Host web01 is UP!
    "icinga": (_Form(r"^\[(?P<said>[A-Za-z]+)\] (?P<key>[^\n]+) is [A-Z]+!"),),
    # Problem: Disk is full      Resolved in 5m 3s: Disk is full      with `Host: web01` in the text
    "zabbix": (
        _Form(r"(?s)^Problem: (?P<key>[^\n]+)\n(?:.*\n)?Host: (?P<host>[^\n]+)", Report.PROBLEM),
        _Form(
            r"(?s)^Resolved(?: in [0-9a-z ]+)?: (?P<key>[^\n]+)\n(?:.*\n)?Host: (?P<host>[^\n]+)",
            Report.RECOVERY,
        ),
        _Form(
            r"(?s)^Updated problem(?: in [0-9a-z ]+)?: (?P<key>[^\n]+)\n"
            r"(?:.*\n)?Host: (?P<host>[^\n]+)",
            Report.NEWS,
        ),
    ),
    # [FIRING:2] InstanceDown web (critical)      the last brackets change within a group
    # [FIRING:1]  (InstanceDown web critical)      without group_by they are all there is
    "alertmanager": (
        _Form(
            r"^\[(?P<said>FIRING|RESOLVED)(?::[0-9]+)?\]\s+(?P<key>[^\s(][^\n]*?)"
            r"(?: +\([^(\n]*\))?\s*(?:\n|$)"
        ),
        _Form(r"^\[(?P<said>FIRING|RESOLVED)(?::[0-9]+)?\]\s+\((?P<key>[^\n]+)\)\s*(?:\n|$)"),
    ),
    # Check_MK: web01/CPU load OK -> CRIT      Checkmk: web01 - UP -> DOWN
    "checkmk": (
        _Form(r"^Check[_]?[Mm][Kk]: (?P<key>[^\n]+?)(?: -)? [A-Z]+ -> (?P<level>[A-Z]+)"),
        _Form(
            r"^Check[_]?[Mm][Kk]: (?P<key>[^\n]+?)(?: -)? (?:Acknowledge\w+|Downtime \w+|"
            r"(?:Started|Stopped|Disabled) Flapping|Flapping \w+|Custom Notification|"
            r"Alert ?[Hh]andler\w*)(?: \([A-Z]+\))?\s*(?:\n|$)",
            Report.NEWS,
        ),
    ),
    "own": (),
}


@dataclass(frozen=True, slots=True)
class Watch:
    """A monitoring system and the forms that its mails have."""

    system: Reporter
    forms: tuple[_Form, ...]

    def read(self, subject: str, text: str) -> Signal | None:
        """What the mail reports; None where it is of no known form."""
        looked_at = f"{subject.strip()}\n{text[:_TEXT_CHARACTERS]}"
        return next(filter(None, (self._read(form, looked_at) for form in self.forms)), None)

    def _read(self, form: _Form, looked_at: str) -> Signal | None:
        found = _compiled(form.pattern).search(looked_at)
        groups = {} if found is None else found.groupdict()
        parts = [(groups.get(name) or "").strip() for name in ("host", "key")]
        key = "/".join(part for part in parts if part)
        return Signal(_report(form, groups), self.key(key)) if key else None

    def key(self, key: str) -> str:
        """The problem's key among those of all systems. Of a long one the hash tells it from
        others that begin alike."""
        whole = " ".join(key.split())
        if len(whole) > _KEY_CHARACTERS:
            digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
            whole = f"{whole[: _KEY_CHARACTERS - _HASHED - 1]}#{digest[:_HASHED]}"
        return f"{self.system.name}:{whole}"


def _report(form: _Form, groups: Mapping[str, str | None]) -> Report:
    if form.report is not None:
        return form.report
    level = groups.get("level")
    if level:
        return Report.RECOVERY if level in _UP else Report.PROBLEM
    return _SAID.get((groups.get("said") or "").upper(), Report.NEWS)


def watches(monitoring: Monitoring) -> Mapping[str, Watch]:
    """The systems by their addresses, without case."""
    return {
        one.address.casefold(): Watch(one, FORMS[one.format] or tuple(_own(one)))
        for one in monitoring.source
    }


def _own(system: Reporter) -> Iterable[_Form]:
    if system.problem:
        yield _Form(system.problem, Report.PROBLEM)
    if system.recovery:
        yield _Form(system.recovery, Report.RECOVERY)


def pattern_fault(pattern: str) -> str:
    """What is wrong with an admin's pattern, or "" where it can be used."""
    try:
        groups = _compiled(pattern).groupindex
    except re2.error as error:
        words = error.args[0] if error.args else "cannot be read"
        return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return "" if "key" in groups else "it has no group (?P<key>…)"


@cache
def _compiled(pattern: str) -> "re2._Regexp":
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    options.log_errors = False
    return re2.compile(pattern, options)
