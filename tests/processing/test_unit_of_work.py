"""A batch of mails is one unit of work: each sees what the ones before it did, and a mail that
fails takes nothing with it."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from maildesk.outgoing.compose import Composer
from maildesk.processing.worker import Worker
from maildesk.store import tables
from tests.world import OutgoingMail, World, one, to


@dataclass
class BreakingComposer:
    """Composes no mail about a ticket whose subject has the word in it."""

    composer: Composer
    word: str = "poison"

    def compose(self, outgoing_mail: Any, thread: Any, *others: Any, **more: Any) -> Any:
        if self.word in thread.subject:
            raise ValueError("this mail cannot be composed")
        return self.composer.compose(outgoing_mail, thread, *others, **more)


def breaking(world: World) -> None:
    """From now on the desk fails at each mail about poison."""
    composer: Any = BreakingComposer(world.runtime.composer)
    world.worker = Worker(replace(world.runtime, composer=composer), world.readers)


def rows(world: World) -> dict[str, int]:
    """How many rows there are of what a mail writes."""
    written = (tables.ticket, tables.ticket_event, tables.message, tables.outgoing)
    with world.store.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in written
        }


def is_whole(world: World) -> None:
    """Each ticket is what its history gives."""
    for number in world.numbers():
        assert world.replayed(number) == world.ticket(number)


def batch(world: World, *mails: bytes) -> None:
    """All of them are worked at once, and what failed is tried no more."""
    world.desk.keep([world.raw(mail) for mail in mails])
    assert world.worker.work() == len(mails)


def test_an_answer_to_a_mail_of_the_same_batch_finds_its_ticket(world_on_each: World) -> None:
    world = world_on_each
    first = world.mail("rita", "No print.", message_id="<first@example.org>")
    second = world.mail("rita", "It smokes.", headers={"In-Reply-To": "<first@example.org>"})
    batch(world, first, second)
    assert world.numbers() == [1001]
    assert world.messages(1001) == [("request", "No print."), ("reply", "It smokes.")]
    is_whole(world)


def _resolved(world: World) -> OutgoingMail:
    world.writes("rita", "No print.")
    letters = world.writes("ann", "#resolve Toner.", subject="[MD-1001] x", trusted=True)
    world.clock.forward(minutes=1)
    return one(letters, "rita", "resolution")


def test_the_second_decision_of_a_batch_comes_too_late(world_on_each: World) -> None:
    world = world_on_each
    resolution = _resolved(world)
    batch(
        world,
        world.mail("rita", "accept", answering=resolution),
        world.mail("rita", "reject It smokes.", answering=resolution),
    )
    assert world.ticket(1001).status == "Completed"
    assert [mail.disposition for mail in world.mails()[-2:]] == ["decision", "new-ticket"]
    assert world.ticket(1002).parent == 1001
    is_whole(world)


def test_the_numbers_of_a_batch_have_no_gap_where_a_mail_failed(
    world_on_each: World,
) -> None:
    world = world_on_each
    breaking(world)
    mails = [world.mail("rita", "x", subject=word) for word in ("one", "poison", "two")]
    batch(world, *mails)
    assert world.numbers() == [1001, 1002]
    assert [mail.state for mail in world.mails()] == ["done", "kept", "done"]
    assert "cannot be composed" in world.mails()[1].reason


def test_a_mail_that_fails_drops_its_own_rows_alone(world_on_each: World) -> None:
    world = world_on_each
    world.writes("rita", "Mine.", subject="A chair")
    world.clock.forward(minutes=1)
    before = rows(world)
    breaking(world)
    batch(
        world,
        world.mail("rita", "Red.", subject="[MD-1001] x", trusted=True),
        world.mail("max", "x", subject="more poison"),
        world.mail("rita", "Or blue.", subject="[MD-1001] x", trusted=True),
    )
    assert [text for _, text in world.messages(1001)] == ["Mine.", "Red.", "Or blue."]
    added = {name: count - before[name] for name, count in rows(world).items()}
    assert added == {"ticket": 0, "ticket_event": 2, "message": 2, "outgoing": 2}
    is_whole(world)


def test_a_mail_that_fails_after_rows_were_changed_at_once_takes_no_other_with_it(
    world_on_each: World,
) -> None:
    world = world_on_each
    for subject in ("A chair", "poison"):
        world.writes("rita", "Mine.", subject=subject)
    world.clock.forward(minutes=1)
    breaking(world)
    batch(
        world,
        world.mail("max", "Before.", subject="Before"),
        # The texts of the first ticket go over to the other; then its mails cannot be composed.
        world.mail("ann", "#merge 1002", subject="[MD-1001] x", trusted=True),
        world.mail("max", "After.", subject="After"),
    )
    assert [mail.state for mail in world.mails()[2:]] == ["done", "kept", "done"]
    assert world.ticket(1001).merged_into is None
    assert [text for _, text in world.messages(1001)] == ["Mine."]
    assert len(world.numbers()) == 4
    is_whole(world)


def test_what_comes_to_a_person_in_one_batch_is_limited_as_in_many(world_on_each: World) -> None:
    world = world_on_each
    limit = world.runtime.settings.limits.automatic_mails_per_hour
    mails = [world.mail("rita", "x", subject=f"No. {n}") for n in range(limit + 3)]
    batch(world, *mails)
    assert len(to(world.new_letters(), "rita")) == limit
