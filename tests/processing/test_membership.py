"""Who left a ticket reads and writes nothing new in it by old links and old mails."""

from maildesk.model.links.page import Page
from tests.approving import newest
from tests.world import World, one, to


def _max_was_there(world: World):  # type: ignore[no-untyped-def]
    first = one(world.writes("rita", "It jams.", trusted=True), "ann", "agent-notification")
    world.writes("ann", "#cc max@example.org\n\nWhich tray?", answering=first, trusted=True)
    mail = newest(world, "max", "reply")
    assert isinstance(world.door.view(mail.token), Page)
    world.writes("ann", "#uncc max@example.org", answering=first, trusted=True)
    return first, mail


def test_who_was_removed_reads_nothing_new_by_the_old_link(world: World) -> None:
    first, mail = _max_was_there(world)
    world.writes("ann", "The code is 4711.", answering=first, trusted=True)
    shown = world.door.view(mail.token)
    assert isinstance(shown, Page)
    assert [one.text for one in shown.conversation] == ["Which tray?"]


def test_who_was_removed_gets_no_mail(world: World) -> None:
    first, _ = _max_was_there(world)
    assert to(world.writes("ann", "The code is 4711.", answering=first, trusted=True), "max") == []


def test_what_who_was_removed_writes_is_held(world: World) -> None:
    _, mail = _max_was_there(world)
    told = world.writes("max", "I know better.", answering=mail, trusted=True)
    assert world.messages(1001)[-1] == ("held", "I know better.")
    assert to(told, "rita") == []
    assert one(told, "ann", "agent-notification")


def test_who_comes_back_reads_what_comes_from_then_on(world: World) -> None:
    first, _ = _max_was_there(world)
    world.writes("ann", "The code is 4711.", answering=first, trusted=True)
    world.writes(
        "ann", "#cc max@example.org\n\nIt is the upper tray.", answering=first, trusted=True
    )
    shown = world.door.view(newest(world, "max", "reply").token)
    assert isinstance(shown, Page)
    assert "4711" not in str(shown)
    assert "upper tray" in str(shown)
