"""monitoring.toml: which systems report problems, and how their reports are read."""

from typing import Literal

from pydantic import Field

from maildesk.config.schema.part import Part

Format = Literal["nagios", "icinga", "zabbix", "alertmanager", "checkmk", "own"]


class Reporter(Part):
    """A monitoring system that reports by mail, or by a signed request to /events."""

    name: str = Field(description="name of the system, used in requests and to identify problems")
    address: str = Field(
        description="address from which its mails come; maildesk never writes to it"
    )
    format: Format = Field(
        "own",
        description="format of its mails: nagios, icinga, zabbix, alertmanager, checkmk, or own",
    )
    problem: str = Field(
        "", description="RE2 pattern of a problem with the group `key`, for format own"
    )
    recovery: str = Field(
        "", description="RE2 pattern of a recovery with the group `key`, for format own"
    )
    proof: bool = Field(
        True,
        description="accept a recovery only if our mail server authenticated the sender; set "
        "false for "
        "a system in your own network that sends unsigned mail",
    )


class Monitoring(Part):
    """monitoring.toml"""

    close_after_hours: float = Field(
        24,
        gt=0,
        description="hours without the problem before a ticket resolved by event is closed",
    )
    flaps: int = Field(3, ge=1, description="a problem that returned this many times is flapping")
    settle_minutes: float = Field(
        15,
        gt=0,
        description="minutes for which a flapping problem must be gone before it counts as solved",
    )
    source: tuple[Reporter, ...] = Field((), description="monitoring systems that may report")

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses of the systems, in lower case; nobody reads mail there."""
        return frozenset(one.address.casefold() for one in self.source)
