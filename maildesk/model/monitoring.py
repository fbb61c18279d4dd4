"""monitoring.toml: which machines report problems, and how their reports are read."""

import enum
from typing import Literal

from pydantic import Field

from maildesk.model.settings import Part


class Report(enum.StrEnum):
    """What is said of a problem. NEWS is all else: acknowledged, in downtime, flapping."""

    PROBLEM = "problem"
    RECOVERY = "recovery"
    NEWS = "news"


Format = Literal["nagios", "icinga", "zabbix", "alertmanager", "checkmk", "own"]


class Reporter(Part):
    """A monitoring system that reports by mail, or by a signed request to /events."""

    name: str = Field(
        description="the system's name; requests name it, problems are told apart by it"
    )
    address: str = Field(description="the address its mails come from; nobody writes to it")
    format: Format = Field(
        "own",
        description="how its mails are read: nagios, icinga, zabbix, alertmanager, checkmk, or own",
    )
    problem: str = Field("", description="own: RE2 with the group `key`; a match is a problem")
    recovery: str = Field("", description="own: RE2 with the group `key`; a match is its end")
    proof: bool = Field(
        True,
        description="a mail ends a problem only with our mail server's word for the sender; "
        "false where a machine of your own net hands its mails in unsigned",
    )


class Monitoring(Part):
    """monitoring.toml"""

    close_after_hours: float = Field(
        24, gt=0, description="a ticket resolved by event closes after so long without the problem"
    )
    flaps: int = Field(3, ge=1, description="a problem that came back so often is flapping")
    settle_minutes: float = Field(
        15, gt=0, description="the end of a flapping problem must hold for so long"
    )
    source: tuple[Reporter, ...] = Field((), description="the systems that may report")

    @property
    def addresses(self) -> frozenset[str]:
        """Where nobody reads mail, without case."""
        return frozenset(one.address.casefold() for one in self.source)
