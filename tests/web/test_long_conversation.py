"""The page of a long conversation: the first and newest messages, others by links."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from maildesk.model.decision import Actor, ActorKind
from maildesk.model.event import PersonJoined
from maildesk.model.links.page import Page
from maildesk.model.ticket import evolve
from maildesk.processing.links.visibility import PAGE_TEXTS
from maildesk.store import tickets
from maildesk.store.tickets import Message
from tests.rows import write_message, write_ticket
from tests.web.runtime_pages import Looking, pages_of
from tests.web.served import Visitor
from tests.world import ADDRESS, MONDAY, World

EARLIER = re.compile(r'href="(\?before=[^"#]+)#conversation"')


def said(world: World, count: int, *, kind: str = "reply") -> None:
    """So many texts of Rita in ticket 1001, a minute apart: "No. 1" and so on."""
    rita = world.people()[ADDRESS["rita"]]
    with world.store.write() as connection:
        for number in range(1, count + 1):
            message = Message(
                id=f"text-{kind}-{number}",
                ticket=1001,
                mail=None,
                author=rita,
                kind=kind,
                proven=True,
                text=f"No. {number}",
                message_id=None,
                at=MONDAY + timedelta(minutes=number),
            )
            write_message(connection, message)


def viewed(world: World, who: str = "rita", before: str = "") -> Page:
    page = world.door.view(Looking(world, who).token(1001), before)
    assert isinstance(page, Page)
    return page


def words(page: Page) -> list[str]:
    return [entry.text.strip() for entry in page.conversation]


@pytest.fixture
def asked(world: World) -> World:
    """Ticket 1001 with its request."""
    world.writes("rita", "It does not print.")
    world.clock.now = MONDAY
    return world


@pytest.mark.parametrize("count", [PAGE_TEXTS - 1, PAGE_TEXTS], ids=["fits", "fits just"])
def test_a_conversation_that_fits_is_shown_whole(asked: World, count: int) -> None:
    said(asked, count)
    page = viewed(asked)
    assert words(page) == ["It does not print.", *(f"No. {n}" for n in range(1, count + 1))]
    assert (page.earlier, page.later) == ("", False)


def test_a_long_conversation_shows_the_first_and_the_newest_messages(asked: World) -> None:
    said(asked, 100)
    page = viewed(asked)
    newest = [f"No. {n}" for n in range(101 - PAGE_TEXTS, 101)]
    assert words(page) == ["It does not print.", *newest]
    assert (page.earlier, page.later) == (f"text-reply-{101 - PAGE_TEXTS}", False)


def test_links_to_earlier_messages_reach_every_message(asked: World) -> None:
    said(asked, 100)
    page = viewed(asked)
    seen = set(words(page))
    while page.earlier:
        page = viewed(asked, before=page.earlier)
        assert page.later
        assert words(page)[0] == "It does not print."
        seen |= set(words(page))
    assert seen == {"It does not print.", *(f"No. {n}" for n in range(1, 101))}


@pytest.mark.parametrize("before", ["", "no such text", "text-note-3"])
def test_an_unknown_message_shows_the_newest_ones(asked: World, before: str) -> None:
    said(asked, 100)
    assert words(viewed(asked, before=before))[-1] == "No. 100"


def test_the_solution_is_shown_even_if_its_message_is_left_out(asked: World) -> None:
    said(asked, 100)
    with asked.store.write() as connection:
        ticket, _ = tickets.load_one(connection, 1001)
        write_ticket(connection, ticket, replace(ticket, resolution="text-reply-2"))
    assert viewed(asked).resolution == "No. 2"


def test_notes_for_agents_do_not_shorten_a_requesters_page(asked: World) -> None:
    said(asked, 100, kind="note")
    said(asked, 3)
    assert words(viewed(asked)) == ["It does not print.", "No. 1", "No. 2", "No. 3"]


def test_a_watcher_sees_messages_only_since_joining(asked: World) -> None:
    asked.writes("will", "Hello.", subject="Something else")
    will = asked.people()[ADDRESS["will"]]
    said(asked, 100)
    at = MONDAY + timedelta(minutes=40)
    with asked.store.write() as connection:
        ticket, _ = tickets.load_one(connection, 1001)
        joined = PersonJoined(will)
        after = evolve(ticket, joined, number=1001, at=at)
        actor = Actor(ActorKind.AGENT, will)
        write_ticket(connection, ticket, after, [joined], actor=actor, cause="link", at=at)
    page = viewed(asked, "will")
    seen = set(words(page))
    while page.earlier:
        page = viewed(asked, "will", page.earlier)
        seen |= set(words(page))
    assert seen == {f"No. {n}" for n in range(40, 101)}


def test_the_links_work_without_a_script(asked: World) -> None:
    said(asked, 100)
    visitor, address = Visitor(pages_of(asked)), f"/l/{Looking(asked).token(1001)}"
    page = visitor.get(address).text
    seen = set(re.findall(r"No\. \d+", page))
    assert "Show the newest messages" not in page
    while found := EARLIER.search(page):
        page = visitor.get(address + found[1]).text
        assert "Show the newest messages" in page
        seen |= set(re.findall(r"No\. \d+", page))
    assert seen == {f"No. {n}" for n in range(1, 101)}


def test_a_page_of_500_messages_is_small(asked: World) -> None:
    said(asked, 500)
    page = Visitor(pages_of(asked)).get(f"/l/{Looking(asked).token(1001)}")
    assert len(page.content) < 40_000


def test_a_message_id_that_is_too_long_is_cut(asked: World) -> None:
    answer = Visitor(pages_of(asked)).get(f"/l/{Looking(asked).token(1001)}?before={'x' * 5000}")
    assert answer.status_code == 200
