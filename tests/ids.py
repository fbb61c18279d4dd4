"""Readable ids for the rows of tables: what a row is about, in a word or two a value."""

import enum
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from maildesk.model.approval import Approval
from maildesk.model.cause import AgentActed, Command, LinkUsed, MailArrived
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket

LONGEST = 40
_PLAIN = (str, bytes, bool, int, float)


def readable(value: object) -> str | None:
    """The value in words; None where pytest has a good word of its own."""
    if value is None or type(value) in _PLAIN:
        return _short(value) if isinstance(value, str) else None
    return _short(_words(value))


def _short(words: str) -> str:
    one_line = " ".join(words.split())
    return one_line if len(one_line) <= LONGEST else one_line[: LONGEST - 1] + "…"


def _words(value: Any) -> str:
    match value:
        case Person(name=name):
            return name
        case Ticket(status=status):
            return status
        case MailArrived():
            return _mail(value)
        case Command(name=name, argument=argument):
            return f"#{name} {argument}".strip()
        case LinkUsed():
            return " ".join(f"{value.person.name} {value.choice} {value.comment}".split())
        case AgentActed():
            orders = [_words(one) for one in value.commands]
            return " ".join((value.agent.name, *orders, value.text)).strip()
        case Approval(votes=votes):
            return ", ".join(f"{vote.person} {vote.said}" for vote in votes)
        case enum.Enum():
            return str(value.value) if isinstance(value.value, str) else value.name.lower()
        case datetime() | date() | time() | timedelta():
            return str(value)
        case type():
            return value.__name__
        case Mapping():
            return ", ".join(f"{_word(key)} {_word(one)}" for key, one in value.items()) or "none"
        case set() | frozenset():  # in one order: each worker of a parallel run names them anew
            return ", ".join(sorted(_word(one) for one in value)) or "none"
        case list() | tuple():
            return ", ".join(_word(one) for one in value) or "none"
    return _other(value)


def _mail(mail: MailArrived) -> str:
    how = mail.choice or (mail.kind if mail.kind != "person" else "")
    orders = [_words(one) for one in mail.commands]
    return " ".join(part for part in (mail.sender.name, how, *orders, mail.text) if part)


def _word(value: object) -> str:
    return str(value) if value is None or type(value) in _PLAIN else _words(value)


def _other(value: Any) -> str:
    """A value of the model: its name and what it holds that is a plain word."""
    name = type(value).__name__
    if not is_dataclass(value) or isinstance(value, type):
        return getattr(value, "__name__", name)
    held = (getattr(value, one.name) for one in fields(value))
    said = [_words(one) if isinstance(one, enum.Enum) else str(one) for one in held if _says(one)]
    return " ".join((name, *said))


def _says(value: object) -> bool:
    return value not in ("", None) and isinstance(value, (*_PLAIN, enum.Enum))
