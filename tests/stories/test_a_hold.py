"""What wakes a ticket on hold: its requester's answer, and nothing else that is written."""

import pytest

from tests.world import World, one, to


@pytest.mark.parametrize(
    ("who", "said", "wakes"),
    [
        ("rita", "It is the one on the second floor.", True),
        ("rita", "Thanks!", False),  # polite, and no answer
        ("max", "Any news?", False),  # who only watches is told to agents
    ],
)
@pytest.mark.parametrize(
    "order", ["#hold the vendor until 2026-12-24", "#escalate requester Which one is it?"]
)
def test_only_the_requesters_answer_wakes(
    world: World, who: str, said: str, wakes: bool, order: str
) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    world.writes("ann", f"#cc max@example.org\n{order}", answering=for_ann)
    before = world.ticket(1001)
    outgoing_mails = world.writes(who, said, subject="[MD-1001] x", trusted=True)
    assert said in to(outgoing_mails, "ann")[0].text
    after = world.ticket(1001)
    assert (after.status != before.status) is wakes
    assert (after.hold, after.wake_due) == (
        (None, None) if wakes else (before.hold, before.wake_due)
    )
