"""What an agent says of a held mail happens to the ticket, and nothing else does."""

import pytest

from maildesk.lifecycle.decide import decide
from maildesk.model.cause import Facts, HeldJudged
from maildesk.model.decision import Answer
from maildesk.model.event import Release
from maildesk.model.person import Person
from tests.lifecycle.cast import (
    ANN,
    CLOSED,
    LEE,
    MALLORY,
    NOW,
    SHIPPED,
    TICKETS,
    WILL,
    told,
    unordered,
)

# release, author, ticket, answer, events of the ticket, events of a new one, letters
ROWS: tuple[tuple[Release, Person, str, Answer, list[str], list[str], list[str]], ...] = (
    # let in: the sender takes part; who works on the ticket is told
    (
        *("added", MALLORY, "Analysis", Answer.DONE, ["HeldSettled", "PersonJoined"], []),
        ["agent-notification:ann"],
    ),
    # who came in meanwhile does not join twice
    ("added", WILL, "Analysis", Answer.DONE, ["HeldSettled"], [], ["agent-notification:ann"]),
    # a closed ticket never changes again
    ("added", MALLORY, "Completed", Answer.ILLEGAL, [], [], []),
    # split off: a ticket of the sender's own, who is told; Lee acts, so Ann hears of it
    (
        *("split", MALLORY, "Analysis", Answer.DONE, ["HeldSettled"]),
        ["TicketOpened", "MessageAdded", "FieldChanged"],
        ["acknowledgement:mallory", "agent-notification:ann"],
    ),
    # also from a closed one
    (
        *("split", MALLORY, "Completed", Answer.DONE, ["HeldSettled"]),
        ["TicketOpened", "MessageAdded", "FieldChanged"],
        ["acknowledgement:mallory", "agent-notification:ann"],
    ),
    # dropped: nobody is told anything
    ("dropped", MALLORY, "Analysis", Answer.DONE, ["HeldSettled"], [], []),
    ("dropped", MALLORY, "Completed", Answer.DONE, ["HeldSettled"], [], []),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1].name} {row[2]}")
def test_an_agent_decides_about_a_held_mail(
    row: tuple[Release, Person, str, Answer, list[str], list[str], list[str]],
) -> None:
    release, author, name, answer, here, there, outgoing_mails = row
    ticket = CLOSED if name == "Completed" else TICKETS[name]
    judged = HeldJudged(
        agent=LEE,
        requester=author,
        held="m1",
        release=release,
        message="m2",
        text="Let me in.",
        facts=Facts(subject="Let me in", text="Let me in.", sender=author.address),
        proof="console",
    )
    decision = decide(ticket, judged, SHIPPED, NOW)
    assert decision.answer is answer
    changes = {change.ticket: change.events for change in decision.changes}
    assert [type(one).__name__ for one in changes.get(ticket.number, ())] == here
    assert [type(one).__name__ for one in changes.get(None, ())] == there
    assert unordered(told(decision)) == unordered(outgoing_mails)
    assert LEE.id != ANN.id
