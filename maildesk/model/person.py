"""The people of the desk."""

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a mail address. An agent is a person who belongs to a team.

    `vip` and `language` (BCP 47): rules may ask for them, and agents see them. `zone`: an IANA
    time zone, or "". `listed`: the directory names them, or somebody let them in.
    `distrusted`: an agent called a mail of theirs spam; no mail of theirs opens a ticket.
    """

    id: int
    name: str
    address: str
    manager: int | None = None
    organisation: str = ""
    vip: bool = False
    teams: tuple[str, ...] = ()
    distrusted: bool = False
    language: str = ""
    zone: str = ""
    listed: bool = False

    @property
    def is_agent(self) -> bool:
        """Whether this person works for the desk."""
        return bool(self.teams)


class Proof(enum.IntEnum):
    """How sure we are that the sender is who the From field says, least first.

    The risk of an action decides the proof that it needs (`REQUIRED` in lifecycle.decide).
    """

    NONE = 0
    AUTHENTICATED = 1
    TOKEN = 2


@dataclass(frozen=True, slots=True)
class SenderCheck:
    """What our own SPF, DKIM and DMARC check found. `domain` is the one that is proven, or ""."""

    domain: str
    evidence: tuple[str, ...]
    rejected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a mail may be believed to come from, and why."""

    address: str
    proof: Proof
    evidence: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
