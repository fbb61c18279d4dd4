"""people.toml: people, teams, groups, organisations, senders."""

from datetime import date
from typing import Literal

from pydantic import Field

from maildesk.config.schema.part import Part

Level = Literal["L1", "L2", "L3", "field"]


LANGUAGE = r"^([a-z]{2,3}(-[A-Z]{2})?)?$"  # BCP 47: language and region


class Absence(Part):
    """A period in which a person is away."""

    begin: date = Field(alias="from", description="first day, such as 2026-12-24")
    until: date = Field(description="last day")


class Team(Part):
    """A team of agents that share a queue."""

    name: str = Field(description="name of the team, used in rules")
    level: Level = Field("L1", description="support level: L1, L2, L3 or field")
    members: tuple[str, ...] = Field(
        (), description="mail addresses of people defined in this file"
    )
    leads: tuple[str, ...] = Field((), description="addresses of the members who lead the team")


class Group(Part):
    """A group of people who approve or get reports. Unlike team members, they are not agents."""

    name: str = Field(description="name of the group, used in approvals.toml and reports.toml")
    members: tuple[str, ...] = Field(
        (), description="mail addresses of people defined in this file"
    )


class PersonEntry(Part):
    """A person known in advance."""

    name: str = Field(description="name of the person, shown in mails")
    address: str = Field(description="mail address; mails are sent to it")
    addresses: tuple[str, ...] = Field((), description="further mail addresses of the person")
    manager: str | None = Field(None, description="mail address of the reporting manager")
    organisation: str = Field("", description="company or department, available in rules")
    vip: bool = Field(False, description="VIP, available in rules and shown to agents")
    language: str = Field(
        "",
        pattern=LANGUAGE,
        description='language of the person, such as "de" or "pt-BR": that of mails and pages '
        "if there is a catalogue; available in rules and shown to agents",
    )
    zone: str = Field(
        "",
        description='IANA time zone for times in mails and on pages, such as "Europe/Berlin"; '
        "default: the time zone of the first calendar",
    )
    absence: tuple[Absence, ...] = Field((), description="periods in which the person is away")
    delegate: str | None = Field(
        None, description="address of the substitute who decides approvals while the person is away"
    )


class Organisation(Part):
    """A company or department, available in rules."""

    name: str = Field("", description="name, referred to by `organisation` of a person")
    domains: tuple[str, ...] = Field(
        (), description="mail domains whose people belong to the organisation"
    )
    tags: tuple[str, ...] = Field((), description="tags that rules can use, such as vip")


class Senders(Part):
    """Senders who may open tickets, in addition to the people in this file."""

    domains: tuple[str, ...] = Field(
        (),
        description="mail domains, including their subdomains, that may open tickets; mails from "
        "other "
        "domains are held until `maildesk quarantine replay` admits the sender; empty: all domains",
    )
    no_acknowledgement: tuple[str, ...] = Field(
        (),
        description="mail addresses and domains of senders, and addresses of the desk, whose new "
        "tickets are opened without an acknowledgement",
    )


class People(Part):
    """people.toml"""

    senders: Senders = Field(Senders(), description="senders who may open tickets")

    organisation: tuple[Organisation, ...] = Field((), description="companies and departments")
    team: tuple[Team, ...] = Field((), description="teams; their members are the agents")
    group: tuple[Group, ...] = Field(
        (), description="groups of people who approve or get reports without being agents"
    )
    person: tuple[PersonEntry, ...] = Field((), description="people known in advance")
