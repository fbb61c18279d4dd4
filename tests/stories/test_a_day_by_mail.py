"""An agent runs ten tickets by mail only, on real servers, and reads what the transcripts say."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from maildesk.demo.mailbox_mail import Letter
from maildesk.model.ticket import Ticket
from tests.crash.scene import Box
from tests.stories.by_mail import AGENTS, Day, Part, asks, day, replies, said, tag

AMONG_US = "between you and me"
PROMISE = "We are on it."
WAIT = "We wait for a part."


def _says(outgoing_mail: Letter, *words: str) -> None:
    for one in words:
        assert one in said(outgoing_mail), outgoing_mail.text


def _meant(transcript: Letter) -> str:
    """The wrong line again, in the spelling that the transcript asks for."""
    found = re.search(r"#\S+ (.*): Did you mean (#\w+)\?", said(transcript))
    assert found, transcript.text
    return f"{found[2]} {found[1]}"


def _named(transcript: Letter, wrong: str) -> str:
    """What the transcript offers in place of a name that nobody has."""
    found = re.search(rf'There is no \w+ "{wrong}". Did you mean "([^"]+)"\?', said(transcript))
    assert found, transcript.text
    return found[1]


def _word(resolution: Letter, meaning: str) -> str:
    """The word that a mail asks for, for what one wants to say."""
    found = re.search(rf"{meaning}: +(\w+)", resolution.text)
    assert found, resolution.text
    return found[1]


def a_wrong_command() -> Part:
    got = yield asks("rita", "Odd noise", "It hums.")
    work = got.to("ann")
    got = yield replies("ann", work, f"#take\n#stauts Analysis\n\n{PROMISE}")
    transcript = got.transcript()
    _says(
        transcript,
        "#take: The ticket is assigned to you.",
        "Your text was not sent to the requester",
    )
    assert got.by("rita") == []
    got = yield replies("ann", transcript, f"{_meant(transcript)}\n\n{PROMISE}")
    _says(got.transcript(), "All commands were carried out.", "Analysis")
    _says(got.to("rita"), PROMISE)
    got = yield replies("ann", work, "#team Netwrok")
    transcript = got.transcript()
    yield replies("ann", transcript, f"#team {_named(transcript, 'Netwrok')}")


def a_question() -> Part:
    got = yield asks("rita", "Chair squeaks", "Since today.")
    got = yield replies("ann", got.to("ann"), "Which floor is it?")
    got = yield replies("rita", got.to("rita"), "The second.")
    work = got.to("ann")
    _says(work, "The second.")
    got = yield replies("ann", work, "#resolve I oiled it.")
    _says(got.transcript(), "#resolve:")
    got = yield replies("rita", got.to("rita"), _word(got.to("rita"), "Accept"))
    _says(got.to("rita"), "You accepted the resolution")


def a_rejection() -> Part:
    got = yield asks("rita", "Door card", "It opens nothing.")
    got = yield replies("ann", got.to("ann"), "#resolve Try it now.")
    got = yield replies("rita", got.to("rita"), f"{_word(got.to('rita'), 'Reject')} it is red.")
    got = yield replies("ann", got.news("ann"), "#resolve A new card is at the desk.")
    assert got.to("rita")


def a_note() -> Part:
    got = yield asks("rita", "Badge lost", "On the train.")
    got = yield replies(
        "ann", got.to("ann"), f"Her third, {AMONG_US}.\n\n#note lost it, {AMONG_US}"
    )
    _says(got.transcript(), "#note: Added as a note for agents only.")
    assert got.by("rita") == []


def a_hold() -> Part:
    got = yield asks("rita", "Screen flickers", "All day.")
    today = datetime.now(UTC).date()
    got = yield replies("ann", got.to("ann"), f"#hold part, {AMONG_US}, until 2020-02-30")
    transcript = got.transcript()
    _says(transcript, "Nothing was done", "2020-02-30 is not a date")
    day = f"{today + timedelta(days=3):%Y-%m-%d}"
    got = yield replies("ann", transcript, f"{WAIT}\n\n#hold part, {AMONG_US}, until {day}")
    _says(got.transcript(), "On hold until ")
    _says(got.to("rita"), WAIT)


def an_escalation() -> Part:
    got = yield asks("rita", "Phone is dead", "No tone.")
    got = yield replies("ann", got.to("ann"), "#escalate L2")
    transcript = got.transcript()
    _says(transcript, "Give a reason: #escalate")
    got = yield replies("ann", transcript, f"#escalate L2 the switch, {AMONG_US}")
    _says(got.transcript(), "Escalated to Network (L2).")
    _says(got.to("rita"), "passed to Network (L2)")
    got = yield replies("lee", got.to("lee"), f"#escalate back it is the socket, {AMONG_US}")
    _says(got.transcript("lee"), "Returned to First line.")
    got = yield replies("ann", got.to("ann"), "#escalate requester Which socket is it?")
    got = yield replies("rita", got.to("rita"), "The left one.")
    _says(got.to("ann"), "The left one.")


def two_that_are_one() -> Part:
    got = yield asks("rita", "Lift stands", "Still.")
    survivor = f"MD-{got.number}"
    got = yield asks("max", "Lift stuck", "On three.")
    first = got.to("max")
    got = yield replies("ann", got.to("ann"), "#merge MD-9999")
    transcript = got.transcript()
    _says(transcript, "9999")
    got = yield replies("ann", transcript, f"#merge {survivor}")
    _says(got.transcript(), f"Merged into {survivor}")
    yield replies("max", first, "It smells, too.")


def one_that_is_two() -> Part:
    got = yield asks("rita", "Desk lamp", "It is dark.")
    got = yield replies("ann", got.to("ann"), "Which lamp?")
    got = yield replies("rita", got.to("rita"), "The left one. And I need a chair.")
    got = yield replies("ann", got.to("ann"), "#split A chair")
    _says(got.transcript(), "is now a separate ticket, MD-")


def a_mistake() -> Part:
    got = yield asks("rita", "Mouse jumps", "Left and right.")
    got = yield replies("ann", got.to("ann"), "#prio P1\n#tag vip\n#resolve A new mouse.")
    transcript = got.transcript()
    offered = re.search(r"reply to this email with (#\w+)", said(transcript))
    assert offered, transcript.text
    _says(got.to("rita"), "A new mouse.")
    got = yield replies("ann", transcript, offered[1])
    _says(got.transcript(), "Undone")
    _says(got.to("rita"), "by mistake")


def somebody_else() -> Part:
    got = yield asks("rita", "Room is cold", "The heating.")
    work = got.to("ann")
    got = yield replies("ann", work, "#cc max@example.org\n\nI look at it.")
    _says(got.transcript(), "Max Moreno will get all answers from now on.")
    assert got.by("max")
    got = yield replies("ann", work, "#uncc moreno")
    _says(got.transcript(), "Removed from the ticket: Max Moreno.")
    got = yield replies("ann", work, "It is warm now.")
    assert got.by("rita")
    assert got.by("max") == []


PARTS = (
    a_wrong_command,
    a_question,
    a_rejection,
    a_note,
    a_hold,
    an_escalation,
    two_that_are_one,
    one_that_is_two,
    a_mistake,
    somebody_else,
)


ACK, HANDED = "ticket number is", "passed to Network (L2)"
ENDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # subject: status, team, and a word of each letter that the requester got, in order
    "Odd noise": ("Analysis", "Network", (ACK, PROMISE)),
    "Chair squeaks": (
        *("Completed", "First line"),
        (ACK, "Which floor is it?", "I oiled it.", "You accepted the resolution"),
    ),
    "Door card": (
        *("Waiting for Closure", "First line"),
        (ACK, "Try it now.", "A new card is at the desk."),
    ),
    "Badge lost": ("New", "First line", (ACK,)),
    "Screen flickers": ("Pending", "First line", (ACK, WAIT)),
    "Phone is dead": ("Analysis", "First line", (ACK, HANDED, "Which socket is it?")),
    "Lift stands": ("New", "First line", (ACK,)),
    "Lift stuck": ("Completed", "First line", (ACK,)),
    "Desk lamp": ("Analysis", "First line", (ACK, "Which lamp?")),
    "A chair": ("New", "First line", (ACK,)),
    "Mouse jumps": ("New", "First line", (ACK, "A new mouse.", "by mistake")),
    "Room is cold": ("Analysis", "First line", (ACK, "I look at it.", "It is warm now.")),
}


def test_a_dozen_tickets_by_mail_alone(tmp_path: Path, box: Box) -> None:
    with day(tmp_path, box) as today:
        today.play(*(part() for part in PARTS))
        ended = _tickets(today)
        assert {s: (t.status, t.team) for s, t in ended.items()} == {
            subject: (status, team) for subject, (status, team, _) in ENDS.items()
        }
        for subject, (_, _, words) in ENDS.items():
            who = "max" if subject == "Lift stuck" else "rita"
            outgoing_mails = today.got(ended[subject].number, who)
            assert len(outgoing_mails) == len(words), [
                said(outgoing_mail) for outgoing_mail in outgoing_mails
            ]
            for outgoing_mail, word in zip(outgoing_mails, words, strict=True):
                _says(outgoing_mail, word)
        (told,) = today.got(ended["Lift stands"].number, "max")
        _says(told, "is continued in this ticket")
        for ticket in ended.values():
            assert ticket == today.replayed(ticket.number)
        _nothing_leaks(today, ended)
        _what_the_rows_say(ended)


def _tickets(today: Day) -> dict[str, Ticket]:
    """Every ticket, by its subject."""
    by_subject = {
        outgoing_mail.subject.rpartition("] ")[2]: tag(outgoing_mail)
        for _, outgoing_mail in today.outgoing_mails
    }
    return {subject: today.ticket(number) for subject, number in by_subject.items()}


def _nothing_leaks(today: Day, ended: dict[str, Ticket]) -> None:
    """What is among agents reached agents, and nobody else; and no command reached anybody: not by
    mail, and not on a page."""
    heard = {to for to, outgoing_mail in today.outgoing_mails if AMONG_US in said(outgoing_mail)}
    assert heard == AGENTS
    outside = [
        said(outgoing_mail) for to, outgoing_mail in today.outgoing_mails if to not in AGENTS
    ]
    assert [text for text in outside if "#" in text] == []
    pages = [today.page(one.number, who) for one in ended.values() for who in ("rita", "max")]
    assert any(WAIT in page for page in pages)
    assert [page for page in pages if AMONG_US in page or "#" in page] == []
    # Nor a name, a tag or a day that stood behind a command.
    assert [page for page in pages if re.search(r"\bvip\b|MD-|20\d\d-", page)] == []


def _what_the_rows_say(ended: dict[str, Ticket]) -> None:
    assert ended["Odd noise"].assignee is None  # another team's
    assert ended["Door card"].reopened == 1
    assert ended["Screen flickers"].wake_due is not None
    phone, mouse = ended["Phone is dead"], ended["Mouse jumps"]
    assert (phone.back_to, phone.hold) == ("", None)
    assert ended["Lift stuck"].merged_into == ended["Lift stands"].number
    assert len(ended["Lift stands"].participants) == 1
    assert {one.kind for one in ended["A chair"].relations} == {"split-from"}
    assert (mouse.tags, mouse.resolution) == ((), None)
    assert ended["Room is cold"].participants == ()
