"""An emoji that a mail program sends in answer to a mail."""

import pytest

from tests.world import OutgoingMail, World, one

EMOJI = '{"version": 1, "emoji": "👍"}'


def gmail(
    world: World,
    answered: OutgoingMail | None,
    *,
    who: str = "rita",
    reaction: str = EMOJI,
    text: str = "👍\r\n\r\nRita reacted via Gmail",
) -> bytes:
    """A reaction as Gmail writes it."""
    mail = world.mail(who, "x", answering=answered)
    head = mail.partition(b"Content-Type")[0]
    parts = (("plain", text), ("vnd.google.email-reaction+json", reaction), ("html", f"<p>{text}"))
    body = "".join(
        f'--b\r\nContent-Type: text/{kind}; charset="utf-8"\r\n\r\n{content}\r\n'
        for kind, content in parts
    )
    kind = 'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
    return head + f"{kind}{body}--b--\r\n".encode()


def resolved(world: World) -> tuple[OutgoingMail, OutgoingMail]:
    """What Rita and Ann were sent about a ticket that waits for closure."""
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    mails = world.writes("ann", "#resolve New toner.", answering=for_ann)
    return one(mails, "rita", "resolution"), for_ann


@pytest.mark.parametrize("emoji", ["👍", "😢", "👎", "❤️"])
def test_a_reaction_of_gmail_is_recorded_and_changes_nothing(world: World, emoji: str) -> None:
    resolution, _ = resolved(world)
    before = world.ticket(1001)
    world.arrives(gmail(world, resolution, reaction=EMOJI.replace("👍", emoji)))
    after = world.ticket(1001)
    assert (after.status, after.reopened) == (before.status, before.reopened)
    assert (world.disposition(), world.numbers()) == ("follow-up", [1001])
    assert (world.messages(1001)[-1][0], world.new_letters()) == ("comment", [])
    assert "version" not in world.messages(1001)[-1][1]


def test_a_reaction_of_gmail_is_known_in_any_language(world: World) -> None:
    resolution, _ = resolved(world)
    world.arrives(gmail(world, resolution, text="👍\r\n\r\nRita a réagi via Gmail"))
    assert (world.messages(1001)[-1][0], world.new_letters()) == ("comment", [])


@pytest.mark.parametrize(
    "text",
    [
        "Rita Example reacted to your message:\r\n👍",
        "👍 Rita reacted to your email",
        "Rita hat auf Ihre Nachricht reagiert\r\n❤️",
    ],
)
def test_a_reaction_of_outlook_is_recorded_and_changes_nothing(world: World, text: str) -> None:
    resolution, _ = resolved(world)
    before = world.ticket(1001)
    assert world.writes("rita", text, answering=resolution) == []
    assert world.ticket(1001).status == before.status
    assert world.messages(1001)[-1][0] == "comment"


@pytest.mark.parametrize(
    ("reaction", "text"),
    [
        ("", "It is still broken."),  # empty
        ("{", "It is still broken."),  # broken
        ("[" * 900, "It is still broken."),
        ('{"version": 1, "emoji": "resolved"}', "It is still broken."),
        ('{"version": 1, "emoji": 7}', "It is still broken."),
        # words beside a reaction are a person's
        (EMOJI, "It is still broken."),
        (EMOJI, "Rita reacted via Gmail\r\nIt is still broken."),
        (EMOJI, "👎 Why?"),
        (EMOJI, "Gmail is still broken."),
        (EMOJI, "It is broken. Max reacted to your message"),
        ("", "Max reacted to your message and is angry."),
    ],
)
def test_words_in_a_reaction_are_never_hidden(world: World, reaction: str, text: str) -> None:
    resolution, _ = resolved(world)
    world.arrives(gmail(world, resolution, reaction=reaction, text=text))
    assert [mail.to for mail in world.new_letters()] != []
    assert world.messages(1001)[-1][0] != "comment"


def test_a_reaction_of_an_approver_approves_nothing(world: World) -> None:
    asked = one(world.writes("rita", "A laptop.", subject="New laptop please"), "max", "approval")
    world.arrives(gmail(world, asked, who="max"))
    assert world.ticket(1001).waits_for_approval
    assert world.new_letters() == []


def test_a_reaction_of_an_agent_is_not_sent_to_the_requester(world: World) -> None:
    _, for_ann = resolved(world)
    world.arrives(gmail(world, for_ann, who="ann"))
    assert world.new_letters() == []


def test_a_reaction_to_a_closed_ticket_opens_none(world: World) -> None:
    resolution, for_ann = resolved(world)
    world.writes("ann", "#close", answering=for_ann)
    world.arrives(gmail(world, resolution))
    assert (world.numbers(), world.disposition()) == ([1001], "follow-up")


def test_a_reaction_to_no_mail_of_ours_opens_no_ticket(world: World) -> None:
    mail = gmail(world, None).replace(b"Message-ID:", b"In-Reply-To: <x@y.example>\r\nMessage-ID:")
    world.arrives(mail)
    assert (world.numbers(), world.disposition()) == ([], "auto-reply")
