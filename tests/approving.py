"""A desk where laptops need an approval, and the people who give it.

Ann works; Rita reports to Max, and Max to Boss; Will can decide for somebody.
"""

from datetime import date
from pathlib import Path
from typing import Any

from tests import world as worlds
from tests.world import OutgoingMail, World, shipped_policy, to

BUY = {
    "rule": [
        {
            "name": "Buy",
            "when": 'mail.subject.contains("laptop")',
            "then": {
                "ask_approval": "manager",
                "category": "Hardware",
                "service": "Workplace",
                "impact": "low",
                "urgency": "low",
                "team": "First line",
            },
        }
    ]
}


def people(groups: tuple[dict[str, Any], ...] = (), **changes: dict[str, Any]) -> dict[str, Any]:
    """people.toml; `changes` are what else is said of somebody."""
    names = {"ann": "Ann Archer", "max": "Max Moreno", "rita": "Rita Rossi"}
    names |= {"will": "Will Wood", "boss": "Boss Big"}
    manager = {"rita": "max@example.org", "max": "boss@example.org"}
    persons = [
        {"name": name, "address": f"{who}@example.org"}
        | ({"manager": manager[who]} if who in manager else {})
        | changes.get(who, {})
        for who, name in names.items()
    ]
    team = {"name": "First line", "members": ["ann@example.org"]}
    return {"team": [team], "group": list(groups), "person": persons}


def away(begin: date, until: date) -> dict[str, Any]:
    return {"absence": [{"from": begin, "until": until}]}


NOVEMBER = away(date(2026, 11, 1), date(2026, 11, 30))


def kind(*levels: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"approval": [{"name": "manager", "level": list(levels) or [{}]} | options]}


def asks(world: World, text: str = "One laptop please.") -> list[OutgoingMail]:
    return world.writes("rita", text, subject="New laptop")


def newest(world: World, who: str, template: str = "approval") -> OutgoingMail:
    return next(x for x in reversed(to(world.outgoing_mails(), who)) if x.template == template)


def kinds(outgoing_mails: list[OutgoingMail]) -> set[str]:
    return {
        f"{outgoing_mail.template}:{outgoing_mail.to.split('@')[0]}"
        for outgoing_mail in outgoing_mails
    }


def flat(outgoing_mail: OutgoingMail) -> str:
    return " ".join(outgoing_mail.text.split())


def ticks(world: World, **forward: float) -> list[OutgoingMail]:
    world.clock.forward(**forward)
    while world.desk.tick():
        pass
    return world.new_letters()


def waiting(world: World, number: int = 1001) -> list[str]:
    ticket = world.ticket(number)
    names = {id_: address.split("@")[0] for address, id_ in world.people().items()}
    open_ = ticket.approval.waiting if ticket.approval and ticket.waits_for_approval else ()
    return [names[person] for person in open_]


def desk(path: Path, **changes: Any) -> World:
    """A world with a database in that folder; `changes` replace whole tables."""
    files = {"people": people(), "approvals": kind(), "rules": BUY} | changes
    return worlds.build(f"sqlite:///{path}/desk.db", policy=shipped_policy(**files))
