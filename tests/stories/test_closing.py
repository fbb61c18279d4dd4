"""An agent closes a ticket, and says as what."""

import pytest

from tests.world import OutgoingMail, World, one


def _resolved(world: World) -> OutgoingMail:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    world.writes("ann", "#resolve Toner.", answering=for_ann)
    return for_ann


@pytest.mark.parametrize(
    ("order", "category", "note"),
    [
        ("#close", "Solved", ""),
        ("#close duplicate", "Duplicate", ""),
        ("#close dup: we answered you in MD-1000", "Duplicate", "we answered you in MD-1000"),
        ("#close : all is said", "Solved", "all is said"),
    ],
)
def test_a_close_has_its_category_and_the_requester_reads_the_note(
    world: World, order: str, category: str, note: str
) -> None:
    outgoing_mails = world.writes("ann", order, answering=_resolved(world))
    told = one(outgoing_mails, "rita", "closure").text
    assert f"Closed as:  {category}" in told
    assert note in told
    ticket = world.ticket(1001)
    assert (ticket.is_closed, ticket.closure_category) == (True, category)
    assert (ticket.closure_message is not None) is bool(note)
    # the note is kept, as what the requester read
    assert world.messages(1001)[-1] == (("answer", note) if note else ("note", ""))
    assert world.replayed(1001) == ticket


def test_a_category_that_nobody_knows_is_refused_with_those_there_are(world: World) -> None:
    outgoing_mails = world.writes("ann", "#close nonsense", answering=_resolved(world))
    told = " ".join(one(outgoing_mails, "ann", "transcript").text.split())
    assert "Known: Solved, Workaround, Duplicate, Not reproducible, No fault found" in told
    assert not world.ticket(1001).is_closed
