"""Simultaneous clicks make one decision and views make none, with a real database."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from maildesk.model.event import ApprovalDecided, FieldChanged, ResolutionDecided, ResolutionGiven
from maildesk.model.links.token import LinkToken, Purpose, sign_link
from maildesk.store import tickets
from maildesk.web.app import create_app
from tests.web.served import HEALTHY, served
from tests.world import ADDRESS, OutgoingMail, World, one

CLICKS = 8
LOOKS = 100


@dataclass
class Pages:
    """The desk of a world, on a web server on loopback."""

    world: World
    client: httpx.Client

    def click(self, token: str | list[str], choices: list[dict[str, str]]) -> list[httpx.Response]:
        """Send all of these at the same moment, to one link or each to its own."""
        together = Barrier(len(choices))
        tokens = [token] * len(choices) if isinstance(token, str) else token

        def send(to: str, form: dict[str, str]) -> httpx.Response:
            together.wait(10)
            return self.client.post(f"/l/{to}", data=form)

        with ThreadPoolExecutor(len(choices)) as pool:
            return list(pool.map(send, tokens, choices))

    def look(self, token: str, times: int) -> Counter[int]:
        """GET and HEAD, so many times each."""
        return told([self.client.request(m, f"/l/{token}") for m in ("GET", "HEAD") * times])

    def events(self, kind: type) -> list[Any]:
        """What happened of this kind to the first ticket."""
        with self.world.store.read() as connection:
            history = tickets.history(connection, 1001)
        return [line.event for line in history if isinstance(line.event, kind)]

    def dump(self) -> dict[str, list[Any]]:
        """All that is in the database."""
        with self.world.store.read() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(select(table)).all()))
                for table in SQLModel.metadata.sorted_tables
            }


@pytest.fixture
def pages(world_on_each: World) -> Iterator[Pages]:
    world = world_on_each
    app = create_app(world.door, world.runtime.settings.desk, lambda: HEALTHY)
    with served(app) as service:
        limits = httpx.Limits(max_connections=CLICKS)
        address = f"http://127.0.0.1:{service.port}"
        with httpx.Client(base_url=address, timeout=30, limits=limits) as client:
            yield Pages(world, client)


def two_decisions(yes: str) -> list[dict[str, str]]:
    """Half of the clicks say yes, the others no, turn and turn about."""
    forms = [{"choice": yes, "comment": ""}, {"choice": "reject", "comment": "Far too dear"}]
    return forms * (CLICKS // 2)


def approval_asked(world: World) -> OutgoingMail:
    return one(world.writes("rita", "Mine is slow.", subject="New laptop"), "max", "approval")


def resolved(world: World) -> OutgoingMail:
    for_ann = one(world.writes("rita", "It does not print."), "ann", "agent-notification")
    return one(world.writes("ann", "#resolve Toner.", answering=for_ann), "rita", "resolution")


def _link_of(world: World, who: str) -> str:
    return _token(world, Purpose.WORK, world.people()[ADDRESS[who]], ticket=1001)


def told(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_eight_clicks_of_a_manager_make_one_decision_that_all_see(
    pages: Pages,
) -> None:
    request = approval_asked(pages.world)
    answers = pages.click(request.token, two_decisions("approve"))

    assert told(answers) == {303: 1, 409: CLICKS - 1}
    (decided,) = pages.events(ApprovalDecided)
    did = "approved" if decided.approved else "rejected"
    for answer in answers:
        if answer.status_code == 409:
            assert "already decided" in answer.text
            assert f"You {did} this request" in answer.text
            assert "23 November 2026, 09:01 UTC" in answer.text
    one(pages.world.new_letters(), "max", "decision-receipt")
    assert pages.world.replayed(1001) == pages.world.ticket(1001)


def test_eight_clicks_of_a_requester_make_one_decision_that_all_see(
    pages: Pages,
) -> None:
    resolution = resolved(pages.world)
    answers = pages.click(resolution.token, two_decisions("accept"))

    assert told(answers) == {303: 1, 409: CLICKS - 1}
    (decided,) = pages.events(ResolutionDecided)
    did = "accepted" if decided.accepted else "rejected"
    for answer in answers:
        if answer.status_code == 409:
            assert "was not recorded" in answer.text
            assert f"You {did} the resolution" in answer.text
            assert "23 November 2026, 09:02 UTC" in answer.text
    assert pages.world.ticket(1001).is_closed is decided.accepted
    assert pages.world.replayed(1001) == pages.world.ticket(1001)


def test_eight_clicks_of_two_agents_make_one_resolution_that_all_see(
    pages: Pages,
) -> None:
    world = pages.world
    token = one(world.writes("rita", "It does not print."), "ann", "agent-notification").token
    links = [token, _link_of(world, "lee")] * (CLICKS // 2)
    forms = [{"choice": "resolve", "comment": f"Toner {number}."} for number in range(CLICKS)]
    answers = pages.click(links, forms)

    assert told(answers) == {303: 1, 409: CLICKS - 1}
    assert len(pages.events(ResolutionGiven)) == 1
    (resolution,) = [text for kind, text in world.messages(1001) if kind == "resolution"]
    by = world.ticket(1001).assignee == world.people()[ADDRESS["ann"]]
    name = "Ann Archer" if by else "Lee Linden"
    for answer, link, form in zip(answers, links, forms, strict=True):
        if answer.status_code == 409:
            did = "You" if (link == token) is by else name
            assert f"{did} resolved this ticket" in answer.text
            assert "23 November 2026, 09:01 UTC" in answer.text
            assert form["comment"] in answer.text  # what was typed is not lost
            assert form["comment"] != resolution
    one(world.new_letters(), "rita", "resolution")
    assert world.replayed(1001) == world.ticket(1001)


def test_eight_clicks_to_take_a_ticket_assign_it_to_one_agent(pages: Pages) -> None:
    world = pages.world
    token = one(world.writes("rita", "It does not print."), "ann", "agent-notification").token
    links = [token, _link_of(world, "lee")] * (CLICKS // 2)
    answers = pages.click(links, [{"choice": "take it", "comment": ""}] * CLICKS)

    assert told(answers) == {303: 1, 409: CLICKS - 1}
    given = [one for one in pages.events(FieldChanged) if one.field == "assignee"]
    assert [one.new for one in given] == [world.ticket(1001).assignee]
    assert all("Another agent was faster" in one.text for one in answers if one.status_code == 409)


def test_viewing_any_link_a_hundred_times_changes_nothing(pages: Pages) -> None:
    world = pages.world
    approval = approval_asked(world).token
    for_ann = one(world.writes("rita", "It does not print."), "ann", "agent-notification")
    at_work = one(
        world.writes("rita", "It smells.", subject="Smell"), "ann", "agent-notification"
    ).token
    resolution = one(
        world.writes("ann", "#resolve Toner.", answering=for_ann), "rita", "resolution"
    ).token
    rita = world.ticket(1002).requester
    good = (approval, resolution, at_work, _token(world, Purpose.VIEW, rita))
    bad = {
        _token(world, Purpose.RESOLUTION, rita, round=7): 410,  # of a round that never was
        _token(world, Purpose.VIEW, rita, days=-1): 410,  # expired
        _token(world, Purpose.WORK, rita): 403,  # no agent
        resolution[:-1] + ("B" if resolution.endswith("A") else "A"): 404,  # forged
        resolution[:40]: 404,  # cut
        "": 404,
    }
    before = pages.dump()
    assert before["ticket"]

    for token in good:
        assert pages.look(token, LOOKS) == {200: 2 * LOOKS}
    for token, status in bad.items():
        assert pages.look(token, 3) == {status: 6}, token

    assert pages.dump() == before
    assert pages.client.post(f"/l/{approval}", data={"choice": "approve"}).status_code == 303


def _token(
    world: World,
    purpose: Purpose,
    person: int,
    *,
    round: int = 0,
    days: int = 1,
    ticket: int = 1002,
) -> str:
    expires = world.clock.now + timedelta(days=days)
    return sign_link(LinkToken(purpose, ticket, person, round, expires), world.runtime.keys)
