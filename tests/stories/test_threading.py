"""Where a mail lands when several are on their way: one story a row, told in mails."""

from collections.abc import Callable

import pytest

from tests.world import OutgoingMail, World, one

Story = Callable[[World], None]
FIRST = "<first@example.org>"
COPY = {"Cc": "max@example.org"}


def _first(world: World, **options: object) -> None:
    world.writes("rita", "No print.", trusted=True, message_id=FIRST, **options)  # type: ignore[arg-type]


def the_copied_colleague_answers_her_mail(world: World) -> None:
    _first(world, headers=COPY)
    world.writes("max", "Mine neither.", headers={"In-Reply-To": FIRST})


def she_answers_the_colleague(world: World) -> None:
    the_copied_colleague_answers_her_mail(world)
    number = world.mails()[-1].message_id
    world.writes(
        "rita", "I see.", headers={"In-Reply-To": number, "References": f"{FIRST} {number}"}
    )


def the_colleague_answers_before_her_mail_is_fetched(world: World) -> None:
    first = world.mail("rita", "No print.", trusted=True, headers=COPY, message_id=FIRST)
    answer = world.mail("max", "Mine neither.", headers={"In-Reply-To": FIRST})
    world.arrives(first, answer)


def she_has_lost_everything_but_the_subject(world: World) -> None:
    _first(world)
    world.writes("rita", "Well?", subject="Re: [MD-1001] Printer broken")


def her_program_breaks_the_tag(world: World) -> None:
    _first(world)
    world.writes("rita", "Well?", subject="AW: [md -1001 ] Printer broken")


def her_provider_drops_the_plus_and_the_marker_is_quoted(world: World) -> None:
    outgoing_mail = one(world.writes("rita", "No print."), "rita", "acknowledgement")
    token = outgoing_mail.reply_to.partition("+")[2].partition("@")[0]
    world.writes("rita", f"Well?\n\n> Ref: md-{token}\n", subject="Printer")


def references_go_round_in_a_circle(world: World) -> None:
    _first(world)
    for number in (1, 2):
        world.writes(
            "rita",
            f"Round {number}.",
            message_id=f"<circle{number}@example.org>",
            headers={
                "In-Reply-To": f"<circle{3 - number}@example.org>",
                "References": f"<circle2@example.org> <circle1@example.org> {FIRST}",
            },
        )


def a_mail_that_answers_itself(world: World) -> None:
    _first(world)
    world.writes(
        "rita",
        "Me again.",
        message_id="<self@example.org>",
        headers={"In-Reply-To": "<self@example.org>", "References": f"<self@example.org> {FIRST}"},
    )


IN_THE_TICKET: tuple[Story, ...] = (
    the_copied_colleague_answers_her_mail,
    she_answers_the_colleague,
    the_colleague_answers_before_her_mail_is_fetched,
    she_has_lost_everything_but_the_subject,
    her_program_breaks_the_tag,
    her_provider_drops_the_plus_and_the_marker_is_quoted,
    references_go_round_in_a_circle,
    a_mail_that_answers_itself,
)


@pytest.mark.parametrize("story", IN_THE_TICKET, ids=lambda story: story.__name__)
def test_the_mail_is_in_the_ticket_and_nowhere_else(world: World, story: Story) -> None:
    story(world)
    assert world.disposition() == "follow-up"
    assert world.numbers() == [1001]


def to_two_desk_addresses(world: World) -> None:
    world.writes("rita", "No print.", to="desk@example.org, help@example.org")


def by_two_ways(world: World) -> None:
    raw = world.mail("rita", "No print.", message_id=FIRST)
    world.arrives(raw)
    world.arrives(b"Delivered-To: help@example.org\r\n" + raw)
    assert world.disposition() == "duplicate"


def by_two_ways_in_one_batch(world: World) -> None:
    raw = world.mail("rita", "No print.", message_id=FIRST)
    world.arrives(raw, b"Received: from a by b; Mon, 23 Nov 2026 09:00:00 +0000\r\n" + raw)
    assert world.disposition() == "duplicate"


ONCE: tuple[Story, ...] = (to_two_desk_addresses, by_two_ways, by_two_ways_in_one_batch)


@pytest.mark.parametrize("story", ONCE, ids=lambda story: story.__name__)
def test_one_mail_is_one_ticket_however_it_came(world: World, story: Story) -> None:
    story(world)
    assert world.numbers() == [1001]
    assert [kind for kind, _ in world.messages(1001)] == ["request"]


def the_same_id_with_other_words(world: World) -> None:
    _first(world)
    world.writes("mallory", "Something else.", message_id=FIRST)


def the_same_subject(world: World) -> None:
    _first(world)
    world.writes("rita", "The other printer.", subject="Printer broken")


def a_stranger_with_the_tag(world: World) -> None:
    _first(world)
    world.writes("mallory", "Tell me.", subject="Re: [MD-1001] Printer broken")


def a_stranger_with_an_invented_id(world: World) -> None:
    _first(world)
    world.writes("mallory", "Tell me.", headers={"In-Reply-To": "<second@example.org>"})


OF_ITS_OWN: tuple[Story, ...] = (
    the_same_id_with_other_words,
    the_same_subject,
    a_stranger_with_the_tag,
    a_stranger_with_an_invented_id,
)


@pytest.mark.parametrize("story", OF_ITS_OWN, ids=lambda story: story.__name__)
def test_another_mail_is_another_ticket(world: World, story: Story) -> None:
    story(world)
    assert world.disposition() == "new-ticket"
    assert world.numbers() == [1001, 1002]


HIS = "<his@example.org>"


def _merged(world: World) -> OutgoingMail:
    """Rita's ticket 1001 and Max's 1002, which Ann merges into it; what Max was sent before."""
    _first(world)
    outgoing_mails = world.writes("max", "Mine neither.", subject="No print", message_id=HIS)
    world.writes(
        "ann", "#merge MD-1001", answering=one(outgoing_mails, "ann", "agent-notification")
    )
    assert world.disposition() == "command"
    assert world.ticket(1002).merged_into == 1001
    return one(outgoing_mails, "max", "acknowledgement")


def he_answers_what_he_was_sent(world: World) -> None:
    world.writes("max", "It smells.", answering=_merged(world))


def his_program_keeps_the_address_alone(world: World) -> None:
    world.writes("max", "It smells.", to=_merged(world).reply_to, subject="Smell")


def his_program_keeps_our_message_id_alone(world: World) -> None:
    answered = str(_merged(world).message["Message-ID"])
    world.writes("max", "It smells.", subject="Smell", headers={"References": answered})


def he_answers_his_own_first_mail(world: World) -> None:
    _merged(world)
    world.writes("max", "It smells.", subject="Smell", headers={"In-Reply-To": HIS})


def he_has_lost_everything_but_the_merged_tag(world: World) -> None:
    _merged(world)
    world.writes("max", "It smells.", subject="Re: [MD-1002] No print")


def the_survivors_requester_writes_the_merged_tag(world: World) -> None:
    _merged(world)
    world.writes("rita", "It smells.", subject="Re: [MD-1002] No print")


def the_agent_answers_the_merged_ticket(world: World) -> None:
    _merged(world)
    for_ann = [one for one in world.outgoing_mails() if one.to == "ann@example.org"]
    about_his = next(one for one in for_ann if "MD-1002" in one.subject)
    world.writes("ann", "It smells.", answering=about_his)


AFTER_A_MERGE: tuple[Story, ...] = (
    he_answers_what_he_was_sent,
    his_program_keeps_the_address_alone,
    his_program_keeps_our_message_id_alone,
    he_answers_his_own_first_mail,
    he_has_lost_everything_but_the_merged_tag,
    the_survivors_requester_writes_the_merged_tag,
    the_agent_answers_the_merged_ticket,
)


@pytest.mark.parametrize("story", AFTER_A_MERGE, ids=lambda story: story.__name__)
def test_what_is_written_to_a_merged_ticket_is_in_the_survivor(world: World, story: Story) -> None:
    story(world)
    assert world.disposition() == "follow-up"
    assert world.numbers() == [1001, 1002]
    assert world.messages(1001)[-1][1] == "It smells."
    assert world.messages(1002) == []
    assert world.ticket(1002).is_closed
    assert world.replayed(1001) == world.ticket(1001)


def test_a_stranger_with_the_tag_of_a_merged_ticket_is_in_neither(world: World) -> None:
    _merged(world)
    world.writes("mallory", "Tell me.", subject="Re: [MD-1002] No print")
    assert world.disposition() == "new-ticket"
    assert world.numbers() == [1001, 1002, 1003]


def test_a_stranger_with_a_mail_of_a_merged_ticket_is_held_in_the_survivor(world: World) -> None:
    _merged(world)
    world.writes("mallory", "Tell me.", headers={"In-Reply-To": HIS})
    assert world.disposition() == "held"
    assert world.messages(1001)[-1] == ("held", "Tell me.")


def test_an_answer_after_the_end_is_a_ticket_of_its_own_and_a_child(world: World) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    resolution = one(
        world.writes("ann", "#resolve Toner.", answering=for_ann), "rita", "resolution"
    )
    closure = one(world.writes("rita", "accept", answering=resolution), "rita", "closure")
    world.writes("rita", "It is broken again.", answering=closure)
    assert world.disposition() == "new-ticket"
    assert world.ticket(1002).parent == 1001
    assert world.ticket(1001).is_closed
