"""The people who use the service desk, and how their identity is proven."""

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a mail address. An agent is a person who belongs to a team.

    `language` is a BCP 47 tag and `zone` an IANA time zone, or "". `listed`: the directory lists
    the person, or an agent admitted them. `distrusted`: an agent marked one of their mails as spam,
    so their mails open no tickets.
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
        """Whether this person belongs to a team of the service desk."""
        return bool(self.teams)


class Proof(enum.IntEnum):
    """How certain it is that the person in the From field sent the mail, least certain first.

    The risk of an action decides which proof it needs (`REQUIRED` in lifecycle.decide).
    """

    NONE = 0
    AUTHENTICATED = 1
    TOKEN = 2


@dataclass(frozen=True, slots=True)
class SenderCheck:
    """The result of our own SPF, DKIM and DMARC check. `domain` is the proven domain, or ""."""

    domain: str
    evidence: tuple[str, ...]
    rejected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """The address that a mail is taken to come from, how it is proven, and the evidence."""

    address: str
    proof: Proof
    evidence: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
