"""sla.toml: calendars, SLA targets and escalation."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from maildesk.config.schema.part import Part, _many
from maildesk.model.sla.metrics import Pause

Whom = Literal["assignee", "lead", "level-above", "manager"]


class CalendarEntry(Part):
    """Business hours in local time, public holidays and days off."""

    name: str = Field(description="name of the calendar")
    zone: str = Field("UTC", description='IANA time zone, such as "Europe/Berlin"')
    hours: Annotated[tuple[str, ...], BeforeValidator(_many)] = Field(
        description='business hours or a list of them, such as "mon-fri 09:00-12:30 13:30-17:00"; '
        "a day may end at 24:00"
    )
    country: str | None = Field(
        None, description='country whose public holidays are excluded, such as "DE"'
    )
    region: str | None = Field(
        None, description='region with further public holidays, such as "BE"'
    )
    days_off: tuple[date | str, ...] = Field(
        (), description='further days off: 2026-12-24, or "12-24" for every year'
    )
    teams: tuple[str, ...] = Field((), description="teams whose tickets use this calendar")
    organisations: tuple[str, ...] = Field(
        (), description="organisations whose tickets use it, if no calendar lists their team"
    )


class SlaTarget(Part):
    """The SLA target of one metric of a profile, in business time."""

    targets: dict[str, str] = Field(
        {},
        description='targets by priority, such as { P1 = "30 minutes", P2 = "1 hour 30 minutes" }',
    )
    otherwise: str | None = Field(
        None,
        description="target for other priorities and for tickets without one; omit it for no "
        "target",
    )
    pause: tuple[Pause, ...] = Field(
        ("on-hold",),
        description="when the timer pauses: on-hold, waiting-for-requester (an agent wrote last)",
    )
    escalation_policy: str | None = Field(None, description="name of an [[escalation_policy]]")


class Profile(Part):
    """SLA targets for the tickets that match `when`. The first matching profile applies."""

    name: str = Field(description="name of the profile")
    when: str = Field(
        "true",
        description="condition as a CEL expression over ticket.*, requester.* and organisation.*",
    )
    calendar: str | None = Field(
        None,
        description="calendar; default: that of the team, else of the organisation, else the first",
    )
    first_response: SlaTarget | None = Field(
        None, description="target for the first answer of an agent"
    )
    next_response: SlaTarget | None = Field(
        None, description="target for the answer to each later message"
    )
    resolution: SlaTarget | None = Field(None, description="target for the resolution")
    approval: SlaTarget | None = Field(
        None, description="target for the decision of an approver; does not pause on hold"
    )


class EscalationStep(Part):
    """One step of an escalation policy. It runs once per SLA timer."""

    at: str = Field(
        description='when the step runs: part of the target, such as "80%", or time after it, "+2h"'
    )
    notify: tuple[Whom, ...] = Field(
        (),
        description="people to notify: assignee (or the team), lead, level-above (leads of the "
        "next level), manager (of the assignee)",
    )
    raise_priority: bool = Field(
        False, description="raise the urgency by one grade, then the impact"
    )
    reassign: str | None = Field(None, description="team to which the ticket is reassigned")


class EscalationPolicy(Part):
    """An escalation policy: its steps run before and after an SLA target is breached."""

    name: str = Field(description="name of the escalation policy")
    notify_within: str | None = Field(
        None,
        description="calendar for notifications; those outside its hours are sent when it opens",
    )
    step: tuple[EscalationStep, ...] = Field(description="steps, in order of time")


class ServiceLevels(Part):
    """sla.toml"""

    calendar: tuple[CalendarEntry, ...] = Field((), description="business hours")
    escalation_policy: tuple[EscalationPolicy, ...] = Field((), description="escalation policies")
    profile: tuple[Profile, ...] = Field((), description="SLA profiles, evaluated in order")
