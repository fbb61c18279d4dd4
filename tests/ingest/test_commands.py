"""What an agent orders with `#` lines, and what a person decides with one word."""

import pytest

from maildesk.ingest.intent.commands import read_commands
from maildesk.ingest.intent.decisions import CHOICE_WORDS, read_decision, takes_back
from maildesk.messages.trace import english
from maildesk.model.cause import Choice
from maildesk.model.command import COMMANDS, CommandKind, Takes
from maildesk.model.message import Message

Said = tuple[tuple[str, str], ...]

READINGS: tuple[tuple[str, str, Said], ...] = (
    # ---- no command
    ("", "", ()),
    ("Hi Rita,\nit works again.\n", "Hi Rita,\nit works again.", ()),
    # a heading, a number, a lone sign: Markdown and prose
    ("# Summary\ntext\n## More", "# Summary\ntext\n## More", ()),
    ("#1 is dead\n#", "#1 is dead\n#", ()),
    # behind other words it is prose
    ("Use #take to take it.", "Use #take to take it.", ()),
    # a quoted command is none
    ("> #take\nok", "> #take\nok", ()),
    # an unknown word amid prose is prose
    ("We say\n#thanks\nto all.", "We say\n#thanks\nto all.", ()),
    # and so is the beginning of a command, where it is too short to be sure
    ("We use\n#ta\nhere.", "We use\n#ta\nhere.", ()),
    # ---- at the top
    ("#take", "", (("take", ""),)),
    ("\n\n#take\n\nHi Rita", "Hi Rita", (("take", ""),)),
    ("#take\nHi Rita", "Hi Rita", (("take", ""),)),
    # in any case, shortened, with a stray mark behind or blanks before
    ("#TAKE", "", (("take", ""),)),
    ("#tak", "", (("take", ""),)),
    ("#prio P1", "", (("priority", "P1"),)),
    # the full name of one command may be the beginning of none other
    ("#cc lee@example.org", "", (("cc", "lee@example.org"),)),
    # a value has blanks, and ends with its line
    ("#team First line\nHi Rita", "Hi Rita", (("team", "First line"),)),
    ("#status Waiting for Closure", "", (("status", "Waiting for Closure"),)),
    ("Hi\n#hold vendor\nuntil 2026-12-01", "Hi", (("hold", "vendor\nuntil 2026-12-01"),)),
    # what may be left out
    ("#split", "", (("split", ""),)),
    ("#split Another matter", "", (("split", "Another matter"),)),
    ("#reopen", "", (("reopen", ""),)),
    ("  #Take:", "", (("take", ""),)),
    ("\u200b#take\u00a0", "", (("take", ""),)),
    # a text runs to the blank line, what follows is the requester's
    (
        "#note vendor is slow,\ncall again\n\nHi Rita,\nsoon.",
        "Hi Rita,\nsoon.",
        (("note", "vendor is slow,\ncall again"),),
    ),
    ("#resolve\nNew toner.\n\nBye", "Bye", (("resolve", "New toner."),)),
    # one under the other, with and without blank lines
    ("#take\n#note a\n\n#close\n\nHi", "Hi", (("take", ""), ("note", "a"), ("close", ""))),
    # ---- at the bottom
    ("Hi Rita,\ndone.\n#resolve New toner.", "Hi Rita,\ndone.", (("resolve", "New toner."),)),
    ("Hi\n\n#take\n\n", "Hi", (("take", ""),)),
    # a text runs to the end, over blank lines
    (
        "Hi\n\n#resolve New toner.\n\n- drum\n- toner\n\nAnn",
        "Hi",
        (("resolve", "New toner.\n\n- drum\n- toner\n\nAnn"),),
    ),
    # or to the next command
    ("Hi\n#note one\ntwo\n#take", "Hi", (("note", "one\ntwo"), ("take", ""))),
    # ---- both ends
    ("#take\n\nHi Rita\n\n#note she is new", "Hi Rita", (("take", ""), ("note", "she is new"))),
    # above a short closing, which ends the text
    ("Hi\n#close\nKind regards\nAnn", "Hi\n\nKind regards\nAnn", (("close", ""),)),
    (
        "Hallo\n\n#take\n\nMit freundlichen Grüßen\nAnn Archer\nIT",
        "Hallo\n\nMit freundlichen Grüßen\nAnn Archer\nIT",
        (("take", ""),),
    ),
    # a closing alone is nothing to send
    ("#take\n\nKind regards\nAnn", "", (("take", ""),)),
    ("#hold vendor\n\nThanks,\nAnn", "", (("hold", "vendor"),)),
    ("#kb vpn\n\nThanks,\nAnn", "Thanks,\nAnn", (("kb", "vpn"),)),
    ("#resolve New toner.\n\nBest\nAnn", "Best\nAnn", (("resolve", "New toner."),)),
    ("#take\n\nThanks,\nAnn\n#kb vpn", "Thanks,\nAnn", (("take", ""), ("kb", "vpn"))),
    ("Kind regards\nAnn", "Kind regards\nAnn", ()),
    # behind what mail programs put in front, a full name is a command
    *(
        (f"{front}note SECRET{behind}", "", (("note", "SECRET"),))
        for front, behind in (
            *(("* #", ""), ("- #", ""), ("1. #", ""), ("  2) #", ""), ("• #", ""), ("– #", "")),
            *(("*#", "*"), ("**#", "**"), ("_#", "_"), ("\u200d#", ""), ("\u00a0\u00ad#", "")),
            *(("#\u200b", ""), ("* \u200d#", "")),
        )
    ),
    ("*#take*", "", (("take", ""),)),
    ("Hi\n*#note* SECRET", "Hi", (("note", "SECRET"),)),
    # and any other word is text
    ("- #prio one\n* #hashtag\n1. #1\nC# and F#", "- #prio one\n* #hashtag\n1. #1\nC# and F#", ()),
    ("Hi\n#!/bin/sh\n# note this\nx = 1  #note", "Hi\n#!/bin/sh\n# note this\nx = 1  #note", ()),
    ("Hi\n#include <stdio.h>\n#define A\nBye", "Hi\n#include <stdio.h>\n#define A\nBye", ()),
    ("We have\n#hashtags\n#teamwork\nhere.", "We have\n#hashtags\n#teamwork\nhere.", ()),
    # Windows' line ends
    ("#take\r\n\r\nHi\r\n#close\r\n", "Hi", (("take", ""), ("close", ""))),
)


@pytest.mark.parametrize(("text", "rest", "commands"), READINGS)
def test_commands_are_parted_from_the_text(text: str, rest: str, commands: Said) -> None:
    reading = read_commands(text)
    assert reading.text == rest
    assert tuple((one.name, one.argument) for one in reading.commands) == commands
    assert reading.wrong == ()


WRONG: tuple[tuple[str, str, str], ...] = (
    # misspelt, with the nearest
    ("#tkae", "#tkae", "Did you mean #take?"),
    ("Hi\n#clsoe", "#clsoe", "Did you mean #close?"),
    # nothing near: all there are
    ("#xyzzy", "#xyzzy", "This command does not exist. #help lists all commands."),
    # too short to be sure
    ("#ta", "#ta", "This can mean #take or #tag."),
    ("#re x", "#re x", "This can mean #resolve or #reopen."),
    # the value is missing
    ("#team", "#team", "Something is missing after the command: #team <team>."),
    ("#team\nFirst line", "#team", "Something is missing after the command"),
    ("#escalate", "#escalate", "missing after the command: #escalate <L2|L3|field|team|back|"),
    ("#undo it", "#undo it", "Write #undo alone on its line."),
    # two letters are a full name here
    (
        "Hi\n#cc lee@example.org\nRita",
        "#cc lee@example.org",
        "Commands must be above or below the text",
    ),
    # a tag on top of the mail is taken for a command, in doubt
    ("#printers! are bad", "#printers! are bad", "This command does not exist."),
    # the text is missing
    ("#resolve", "#resolve", "Something is missing after the command"),
    ("#resolve\n\nNew toner.", "#resolve", "Something is missing after the command"),
    ("Hi\n#note\n#take", "#note", "Something is missing after the command"),
    # a text where none belongs
    ("#take the door", "#take the door", "Write #take alone on its line."),
    # a known command amid text: neither obeyed nor sent to the requester unseen
    ("Hi\n#take\nRita", "#take", "Commands must be above or below the text"),
    ("Hi\n\n#clo\n\nRita", "#clo", "Commands must be above or below the text"),
    ("Hi\n- #take\nRita", "- #take", "Commands must be above or below the text"),
    # nearly one: as it stands above a signature that nothing parts from the text
    ("Hi\n#nota she is slow\nAnn Archer", "#nota she is slow", "Did you mean #note?"),
    ("Hi\n#reslove it\nAnn Archer", "#reslove it", "Did you mean #resolve?"),
)


@pytest.mark.parametrize(("text", "line", "hint"), WRONG)
def test_a_wrong_command_is_told_with_what_would_be_right(text: str, line: str, hint: str) -> None:
    (wrong,) = read_commands(text).wrong
    assert wrong.line == line
    assert hint in english(wrong.hint)


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.name)
def test_each_command_is_known_by_its_name_and_by_every_unambiguous_beginning(
    kind: CommandKind,
) -> None:
    others = [one.name for one in COMMANDS if one is not kind]
    argument = "" if kind.takes is Takes.NOTHING else " x"
    known = []
    for length in range(1, len(kind.name) + 1):
        word = kind.name[:length]
        reading = read_commands(f"#{word}{argument}")
        ambiguous = any(name.startswith(word) for name in others) and word != kind.name
        if ambiguous or word in others:
            assert reading.commands == () or reading.commands[0].name == word, word
        else:
            known.append(word)
            assert [(c.name, c.argument) for c in reading.commands] == [
                (kind.name, argument.strip())
            ], word
    assert kind.name in known


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.name)
def test_no_command_is_read_in_a_quote(kind: CommandKind) -> None:
    reading = read_commands(f"Hi\n> #{kind.name} x")
    assert (reading.commands, reading.wrong) == ((), ())


def test_a_command_knows_whether_it_stood_above_or_below_the_text() -> None:
    reading = read_commands("#template one\n\nHi\n\n#kb two")
    assert [(c.name, c.at_top) for c in reading.commands] == [("template", True), ("kb", False)]


def test_no_line_is_lost_between_commands_and_text() -> None:
    text = "#take\n\nHi Rita,\n#odd\nline\n\n#note one\n\ntwo\n#close"
    reading = read_commands(text)
    kept = "\n".join([reading.text, *(one.argument for one in reading.commands)])
    for line in ("Hi Rita,", "#odd", "line", "one", "two"):
        assert line in kept.splitlines()


def test_a_mail_of_too_many_commands_is_read_up_to_a_bound_and_says_so() -> None:
    reading = read_commands("text\n" + "#note x\n" * 50_000)
    assert len(reading.commands) == 50
    assert [wrong.hint for wrong in reading.wrong] == [Message.of("refusal.too-many-commands")]


APPROVE, REJECT, ACCEPT = Choice.APPROVE, Choice.REJECT, Choice.ACCEPT

DECISIONS: tuple[tuple[str, Choice, str], ...] = (
    # the word alone
    ("approve", APPROVE, ""),
    ("Approved", APPROVE, ""),
    ("\n\n  APPROVE.  \n", APPROVE, ""),
    ("*Approved*", APPROVE, ""),
    # below a greeting, in a whole sentence, as an infinitive
    ("Hi,\napprove", APPROVE, ""),
    ("Dear desk,\n\napproved", APPROVE, ""),
    ("Sehr geehrte Damen und Herren,\n\nich genehmige die Anfrage.", APPROVE, ""),
    ("I approve", APPROVE, ""),
    ("I hereby approve this request. Go on.", APPROVE, "Go on."),
    ("J'approuve", APPROVE, ""),
    ("Genehmigen", APPROVE, ""),
    ("Ablehnen, zu teuer", Choice.REJECT, "zu teuer"),
    ("I reject this: too dear", Choice.REJECT, "too dear"),
    # the request is taken back
    ("withdraw", Choice.WITHDRAW, ""),
    ("Please withdraw this request.", Choice.WITHDRAW, ""),
    ("I withdraw, I found one", Choice.WITHDRAW, "I found one"),
    ("Hi,\nplease cancel my order.", Choice.WITHDRAW, ""),
    ("storniert", Choice.WITHDRAW, ""),
    ("Ich ziehe meine Anfrage zurück.", Choice.WITHDRAW, ""),
    ('"approve"', APPROVE, ""),
    ("accept", ACCEPT, ""),
    ("Accepted!", ACCEPT, ""),
    ("reject", REJECT, ""),
    ("Declined.", REJECT, ""),
    # more time
    ("keep open", Choice.KEEP, ""),
    ("offen lassen", Choice.KEEP, ""),
    ("Keep it open, please.\n\nRita", Choice.KEEP, "please.\n\nRita"),
    # with a name or a word of thanks
    ("approve\n\nMax", APPROVE, "Max"),
    ("Approved\nMax", APPROVE, "Max"),
    ("Approved, thanks", APPROVE, "thanks"),
    ("Accepted thank you!", ACCEPT, "thank you!"),
    ("Approved - good price", APPROVE, "good price"),
    # with a reason
    ("reject too expensive", REJECT, "too expensive"),
    ("Rejected: not in the budget", REJECT, "not in the budget"),
    ("reject\n\nThe printer still jams.", REJECT, "The printer still jams."),
    ("reject, why do we need this?", REJECT, "why do we need this?"),
    # a disclaimer further down is no condition
    (
        "Approve\n\nMax\n\nIf you are not the addressee, delete this.",
        APPROVE,
        "Max\n\nIf you are not the addressee, delete this.",
    ),
    # other languages, also with a combining accent
    ("Genehmigt.", APPROVE, ""),
    ("Abgelehnt, zu teuer", REJECT, "zu teuer"),
    ("Approuvé", APPROVE, ""),
    ("Approuve\u0301", APPROVE, ""),
    ("Aprobado, gracias", APPROVE, "gracias"),
    ("Rechazado", REJECT, ""),
    ("Approvato", APPROVE, ""),
    ("accettato", ACCEPT, ""),
    ("Akzeptiert", ACCEPT, ""),
)


@pytest.mark.parametrize(("text", "choice", "reason"), DECISIONS)
def test_a_plain_word_decides(text: str, choice: Choice, reason: str) -> None:
    read = read_decision(text)
    assert (read.choice, read.reason, read.unclear) == (choice, reason, False)


UNCLEAR = (
    # negated
    "not approved",
    "I can't approve this",
    "I cannot approve",
    "Approved? No.",
    "approve - NOT",
    "Approved, don't order yet",
    "approve, don’t",
    "nicht genehmigt",
    "Genehmigt, aber nur eines",
    # asked
    "approve?",
    "Approve ?",
    "Approve: is that the right price?",
    "approve\uff1f",
    "Should I approve this?",
    # under a condition
    "approve if cheaper than 500",
    "Approve, if cheaper than 500",
    "Approved\nbut only one",
    "Approved.\n\nBut only one.",
    "approve once Rita has signed",
    "Approuvé, mais pas deux",
    "Aprobado, pero solo uno",
    "reject if it costs more than 500",
    # two decisions
    "approve / reject",
    "approve reject",
    "approve\n\nreject",
    "keep open\n\nreject",
    "Rejected by the vendor, please approve",
    "accept or reject",
    # quoted: whose word is it?
    "> approve",
    # in a sentence: by whom, what, when?
    "I approve the black one",
    "I would approve",
    "I approve if it is cheaper",
    "approve this if it is cheaper",
    "approve this one and no other",
    "Hi,\nshould I approve?",
    "Hi,\nI approve, but only one",
    "Hi, approved",
    "approved by my boss",
    "approve tomorrow",
    "approve \U0001f44e",
    "Accepted, still broken",
)


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_is_not_plain_is_unclear_and_never_a_yes(text: str) -> None:
    read = read_decision(text)
    assert (read.choice, read.unclear) == (None, True)


TROUBLE = (
    # it goes on
    "The printer does still jam.",
    "It still jams",
    "I still cannot print.",
    "It keeps crashing.",
    "The error persists.",
    "The problem remains.",
    "Nothing has changed.",
    # it is back
    "It happened again this morning.",
    "It crashed yet again.",
    "The problem is back.",
    "It came back.",
    "Same error as before.",
    "It is down again.",
    # it does not do what it should
    "It is broken.",
    "It won't start.",
    "It does not work.",
    "It did not print.",
    "It no longer prints.",
    "nothing prints!",
    "I can't log in.",
    "It isn't fixed.",
    "This is not yet solved.",
    # other languages
    "Er druckt immer noch nicht.",
    "Das Problem besteht weiterhin.",
    "Es geht leider nicht.",
    "Elle ne marche toujours pas.",
    "Le problème persiste.",
    "Sigue sin funcionar.",
    "El problema persiste.",
    "Non funziona.",
    "Il problema persiste.",
)


@pytest.mark.parametrize("said", TROUBLE)
def test_trouble_that_is_told_below_a_yes_takes_it_back(said: str) -> None:
    read = read_decision(f"accept\n\nHello.\n\n{said}")
    assert (read.choice, read.unclear) == (None, True)
    assert takes_back(said)


@pytest.mark.parametrize(
    "said",
    [
        "All works again, thank you.",
        "This mail may still contain viruses although it was scanned.",
        "We do not accept liability for damage caused by this mail.",
        "Please do not print this mail.",
        "If you are not the addressee, delete it. It does not create a contract.",
        "Grazie ancora!",
    ],
)
def test_a_signature_or_a_disclaimer_below_a_yes_does_not(said: str) -> None:
    assert read_decision(f"accept\n\nRita\n\n{said}").choice is ACCEPT


@pytest.mark.parametrize(
    ("comment", "takes"),
    [
        ("", False),
        ("Great, thanks!", False),
        ("I accept, all works again.", False),
        ("Good price.\n\nPlease order two.", False),
        # trouble, a condition, a question or a no, in whatever paragraph
        ("No, it is still broken, nothing prints!", True),
        ("only if it is cheaper", True),
        ("The small one, not the big one.", True),
        ("Fine.\n\nBut only one.", True),
        ("Which one is it?", True),
        ("I reject this.", True),
        ("Don’t.", True),
    ],
)
def test_a_comment_on_a_page_can_take_its_yes_back(comment: str, takes: bool) -> None:
    assert takes_back(comment) is takes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("reject\n\nRita", ""),
        ("reject\n\nKind regards\nRita Rossi", ""),
        ("reject\n\n\u200b", ""),
        ("reject\n\nMax", "Max"),
        ("reject 2 of 3", "2 of 3"),
        ("reject \U0001f44e", "\U0001f44e"),
        ("keep open\n\nRita", ""),
        ("keep open, I am away this week", "I am away this week"),
    ],
)
def test_who_only_signs_gives_no_reason(text: str, reason: str) -> None:
    assert read_decision(text, "Rita Rossi").reason == reason


NOTHING = (
    "",
    "   \n\n",
    "Thanks, it works now.",
    "yes",
    "ok",
    "Keep in mind that it is broken",
    "keep open, it still is broken",
    # other words that begin alike
    "approval is pending with finance",
    "acceptance test failed",
    # a tag, a number
    "#1",
    "42",
    # far down, it is talk
    "Hi,\nthe printer jams.\nIt is on floor 2.\nDid Max approve the new one?",
)


@pytest.mark.parametrize("text", NOTHING)
def test_other_text_decides_nothing(text: str) -> None:
    read = read_decision(text)
    assert (read.choice, read.unclear) == (None, False)


def test_no_word_means_two_things() -> None:
    every = [word for words in CHOICE_WORDS.values() for word in words]
    assert len(set(every)) == len(every)


def test_a_hostile_text_is_read_quickly_and_keeps_its_words() -> None:
    marks = "e" + "\u0301\u0327" * 500_000
    assert read_decision(f"reject {marks}").reason.endswith(marks[-1000:])
    assert read_commands("#" * 500_000).commands == ()


@pytest.mark.parametrize(
    "text",
    [
        "reject",
        "reject it",
        "Reject this.",
        "reject thanks",
        "reject\n\nRita",
        "reject\n\nMit freundlichen Grüßen\nRita",
        "reject\n\nKind regards,\nRita Rossi\nHead of Purchasing\nFloor 2",
    ],
)
def test_what_only_closes_a_mail_is_no_reason(text: str) -> None:
    read = read_decision(text, "Rita Rossi")
    assert (read.choice, read.reason) == (Choice.REJECT, "")


@pytest.mark.parametrize(
    "text",
    [
        "reject too dear\n\nKind regards,\nRita",
        "reject\n\nToo dear.\n\nRita",
        "reject it, too dear",
        "reject\nthanks, but we have one",
    ],
)
def test_a_reason_beside_a_closing_is_one(text: str) -> None:
    assert read_decision(text, "Rita Rossi").reason


@pytest.mark.parametrize(
    ("text", "seems"),
    [
        ("Can I withdraw this?", True),
        ("I think I have to cancel it if Max says no", True),
        ("We no longer need it", True),
        ("Ich brauche es nicht mehr", True),
        ("Make that ten", False),
        ("Any news?", False),
    ],
)
def test_what_seems_to_take_a_request_back_is_no_decision(text: str, seems: bool) -> None:
    read = read_decision(text, "Rita")
    assert (read.choice, read.withdrawing) == (None, seems)
