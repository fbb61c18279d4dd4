"""The workflow check finds each fault added to the shipped workflow."""

from collections.abc import Callable
from typing import Any

import pytest

from maildesk.config.schema.workflow import Workflow
from maildesk.lifecycle.workflow.workflow_check import NEEDED, automatic, flaws
from tests.world import shipped_policy

Plant = Callable[[dict[str, Any]], None]


def test_the_shipped_workflow_is_sound() -> None:
    assert flaws(shipped_policy().workflow) == ()


def planted(plant: Plant) -> Workflow:
    """The shipped workflow with something done to it."""
    data = shipped_policy().workflow.model_dump(by_alias=True)
    data["status"], data["move"] = list(data["status"]), list(data["move"])
    plant(data)
    return Workflow.model_validate(data)


def status(name: str, state: str) -> Plant:
    return lambda data: data["status"].append({"name": name, "state": state})


def move(*origins: str, to: str, by: str = "agent", **more: Any) -> Plant:
    way = {"from": list(origins), "to": to, "by": by.split(), **more}
    return lambda data: data["move"].append(way)


def all_of(*plants: Plant) -> Plant:
    def plant(data: dict[str, Any]) -> None:
        for one in plants:
            one(data)

    return plant


def without(to: str, by: str, *origins: str) -> Plant:
    """Nobody of this part may make these moves."""

    def plant(data: dict[str, Any]) -> None:
        kept = []
        for way in data["move"]:
            hit = way["to"] == to and (not origins or set(origins) & set(way["from"]))
            left = [who for who in way["by"] if who != by] if hit else way["by"]
            if left:
                kept.append(way | {"by": left})
        data["move"] = kept

    return plant


def needing(to: str, field: str) -> Plant:
    def plant(data: dict[str, Any]) -> None:
        data["move"] = [
            way | {"needs": [*way["needs"], field]} if way["to"] == to else way
            for way in data["move"]
        ]

    return plant


FAULTS: tuple[tuple[str, Plant, str, str], ...] = (
    (
        "a status that nothing leads to",
        all_of(status("Parked", "On-Hold"), move("Parked", to="Analysis")),
        "status",
        'no way leads from "New" to "Parked"',
    ),
    (
        "a trap",
        all_of(status("Parked", "On-Hold"), move("Analysis", to="Parked")),
        "status",
        '"Parked" is a trap: no move leads out of it',
    ),
    (
        "two statuses that lead to one another alone",
        all_of(
            status("Lab", "In Progress"),
            status("Shelf", "In Progress"),
            move("Analysis", "Shelf", to="Lab"),
            move("Lab", to="Shelf"),
        ),
        "status",
        '"Lab" has no path to Closed',
    ),
    (
        "a way out of closed",
        move("Completed", to="Analysis"),
        "move",
        'closed is final, but a move leads from "Completed" to "Analysis"',
    ),
    (
        "a move that moves nothing",
        move("Analysis", to="Analysis"),
        "move",
        'a move from "Analysis" to itself moves nothing',
    ),
    (
        "a move for nobody",
        move("Analysis", to="Escalated", by=""),
        "move",
        "nobody may make this move",
    ),
    (
        "a move that needs what only its end fills in",
        needing("Escalated", "closure_category"),
        "move",
        'closure_category is filled in by closing, so nothing can ever come to "Escalated"',
    ),
    (
        "a move that needs the closure note before there is one",
        needing("Pending", "closure_note"),
        "move",
        'closure_note is filled in by closing, so nothing can ever come to "Pending"',
    ),
    (
        "a move that needs a resolution where none is given",
        all_of(
            status("Vendor", "On-Hold"),
            move("Analysis", to="Vendor", needs=["resolution"]),
            move("Vendor", to="Analysis"),
        ),
        "move",
        'a resolution is given with the move to "Waiting for Closure" alone, so nothing can ever',
    ),
    *(
        (
            f"a way out that {by} never goes",
            all_of(
                status("Vendor", "On-Hold"),
                move("Analysis", to="Vendor"),
                move("Vendor", to="Analysis", by=by),
            ),
            table,
            problem,
        )
        for by in ("clock", "manager", "requester", "event")
        for table, problem in (
            ("status", '"Vendor" is a trap: no move leads out of it'),
            ("move", f'{by} never moves a ticket to "Analysis" from there'),
        )
    ),
    *(
        (
            f"a way in that {by} never goes",
            all_of(
                status("Vendor", "On-Hold"),
                move("Analysis", to="Vendor", by=by),
                move("Vendor", to="Analysis"),
            ),
            "status",
            'no way leads from "New" to "Vendor"',
        )
        for by in ("clock", "manager", "requester", "event")
    ),
    (
        "a question whose answer wakes nothing",
        without("Analysis", "requester", "Escalated"),
        "roles",
        "the requester answers what was asked, but requester may not move it from",
    ),
    (
        "a circle of two rules",
        move("Pending", to="Escalated", by="rule"),
        "status",
        'rules and deadlines can form a loop: "Escalated" -> "Pending" -> "Escalated"',
    ),
    (
        "a circle of a rule and the clock",
        move("Escalated", to="Assign", by="clock"),
        "status",
        'rules and deadlines can form a loop: "Assign" -> "Escalated" -> "Assign"',
    ),
    (
        "an accepted ticket that cannot close",
        without("Completed", "requester"),
        "roles",
        'an accepted ticket closes, but requester may not move it from "Accepted" to "Completed"',
    ),
    (
        "a rejected ticket that cannot reopen",
        without("Analysis", "requester"),
        "roles",
        'a rejected ticket reopens, but requester may not move it from "Rejected" to "Analysis"',
    ),
    (
        "no closing by itself",
        without("Completed", "clock"),
        "roles",
        "nobody answers a resolution, but clock may not move it from",
    ),
    (
        "an approval that cannot hold",
        without("Pending", "rule"),
        "roles",
        'an approval is asked, but rule may not move it from "New" to "Pending"',
    ),
    (
        "an approval that cannot release",
        without("Assign", "manager"),
        "roles",
        'the approver says yes, but manager may not move it from "Pending" to "Assign"',
    ),
    (
        "an approval that cannot end",
        without("Completed", "manager"),
        "roles",
        'the approver says no, but manager may not move it from "Pending" to "Completed"',
    ),
    (
        "an end that asks for what nobody fills in",
        needing("Completed", "category"),
        "move",
        "an accepted ticket closes, but nobody fills in category then",
    ),
    (
        "a status of Resolved that never closes",
        all_of(
            status("Replaced", "Resolved"),
            move("Analysis", to="Replaced"),
            move("Replaced", to="Analysis"),
        ),
        "status",
        '"Replaced" is resolved, but the clock may not close it',
    ),
    (
        "nothing is closed",
        lambda data: data.update(
            status=[
                one | {"state": "Resolved"} if one["state"] == "Closed" else one
                for one in data["status"]
            ]
        ),
        "roles",
        "there is no status of the state Closed",
    ),
)


@pytest.mark.parametrize(
    ("plant", "table", "problem"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_a_planted_fault_is_found(plant: Plant, table: str, problem: str) -> None:
    found = flaws(planted(plant))
    assert [one for one in found if one.table == table and one.problem.startswith(problem)], found
    assert all(one.remedy for one in found)


@pytest.mark.parametrize("needed", NEEDED, ids=lambda n: f"{n.from_}-{n.to}-{n.by}")
def test_each_move_that_the_desk_makes_is_missed(needed: Any) -> None:
    roles = shipped_policy().workflow.roles
    origin, to = getattr(roles, needed.from_), getattr(roles, needed.to)
    problems = [one.problem for one in flaws(planted(without(to, needed.by, origin)))]
    assert any(p.startswith(f"{needed.when}, but {needed.by} may not") for p in problems)


def test_a_custom_status_between_two_others_is_sound() -> None:
    plant = all_of(
        status("Vendor", "On-Hold"),
        move("Analysis", to="Vendor", by="agent lead"),
        move("Vendor", to="Analysis", by="agent event"),
    )
    assert flaws(planted(plant)) == ()


def test_automatic_moves_are_those_without_a_person() -> None:
    found = automatic(shipped_policy().workflow)
    assert ("New", "Assign", "rule") in found
    assert ("Waiting for Closure", "Completed", "clock") in found
    assert not any(by in ("agent", "requester", "manager", "lead") for _, _, by in found)
