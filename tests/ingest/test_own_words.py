"""What a person wrote in an answer to a mail of ours, however the program quotes that mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.ingest.content.known_text import KnownText
from maildesk.ingest.content.line_marks import lines_of, mark_lines
from maildesk.ingest.content.own_words import OwnWords, own_words

SENT = """\
Hello Max,

Rita Rossi asks for your approval:

New monitor for the front office, 27 inches, about 300 EUR. The old one flickers since Monday.

To approve, reply with
approve
To reject, reply with
reject
https://desk.example.org/l/eyJhbGciOiJIUzI1NiJ9-abcdefghijklmnopqrstuvwxyz0123456789

You receive this mail because you approve requests of Rita Rossi.
MD-1001 · Service Desk of Example Ltd, Main Street 5, Springfield
"""
ADDRESS = "desk+k7f2.aa@example.org"
QUOTED = "\n".join(f"> {line}".rstrip() for line in SENT.split("\n"))
WRAPPED = "\n".join(
    f"> {line}" for line in SENT.replace("EUR. The old", "EUR. The\nold").split("\n")
)
FLAT = " ".join(SENT.split())


def own(text: str, sent: str = SENT, visible: str = "") -> OwnWords:
    """The words of an answer to `sent`."""
    marks = mark_lines(lines_of(text))
    found = own_words(text, marks, KnownText([sent]), lambda: KnownText([visible]))
    assert found is not None, "no quote was recognised"
    return found


@pytest.mark.parametrize(
    "quote",
    [
        pytest.param(f"On 30 Nov 2026, Desk <{ADDRESS}> wrote:\n{QUOTED}", id="marked"),
        pytest.param(f"On 30 Nov 2026, Desk <{ADDRESS}> wrote:\n{WRAPPED}", id="wrapped-again"),
        pytest.param(f"On 30 Nov 2026, Desk <{ADDRESS}> wrote:\n\n{SENT}", id="without-marks"),
        pytest.param(f"\n{SENT}", id="without-anything-above"),
        pytest.param(
            f"From: Desk <{ADDRESS}>\nSent: Monday\nTo: Max\nSubject: Approval\n\n{SENT}",
            id="outlook",
        ),
        pytest.param(
            f"No: Desk <{ADDRESS}>\nNosūtīts: pirmdiena\nKam: Max\nTēma: Approval\n\n{SENT}",
            id="outlook-in-latvian",
        ),
        pytest.param(
            f"Dari: Desk <{ADDRESS}>\nDikirim: Senin\nKepada: Max\nSubjek: Approval\n\n{SENT}",
            id="outlook-in-indonesian",
        ),
        pytest.param(
            f"से: Desk <{ADDRESS}>\nभेजा: सोमवार\nप्रति: Max\nविषय: Approval\n\n{SENT}", id="in-hindi"
        ),
        pytest.param(f"-----Jatorrizko mezua-----\n{SENT}", id="a-rule-in-basque"),
        pytest.param(
            f"सोम, 30 नव 2026 को Desk <{ADDRESS}> ने लिखा:\n\n{SENT}", id="attributed-in-hindi"
        ),
        pytest.param(f"-----Original Message-----\n{FLAT}", id="on-one-line"),
        pytest.param(
            SENT.replace(
                "https://desk.example.org/l/",
                "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fdesk.example.org%2Fl%2F",
            ),
            id="links-rewritten",
        ),
        pytest.param(SENT.replace("Ji", "Ji\n").replace("uvw", "uvw\n"), id="a-link-broken"),
        pytest.param("[Logo]\n\n" + SENT.replace("approve\n", "\tapprove\n\n"), id="table-cells"),
    ],
)
@pytest.mark.parametrize("said", ["approve", "No, that is too expensive.\n\nMax"])
def test_a_quote_of_our_mail_is_known_below_the_words(quote: str, said: str) -> None:
    found = own(f"{said}\n\n{quote}")
    assert found.text.removesuffix("\n\n[Logo]") == said
    assert found.foreign == ""


@pytest.mark.parametrize(
    "below", ["approve", "No, that is too expensive.\nMax", "1\n2\n3\n4\n5\n6\n7\n8"]
)
@pytest.mark.parametrize("marked", [QUOTED, SENT], ids=["marked", "unmarked"])
def test_words_below_the_quote_are_taken_alone_however_many(below: str, marked: str) -> None:
    assert own(f"On 30 Nov 2026, Desk <{ADDRESS}> wrote:\n{marked}\n{below}").text == below


def test_a_quote_alone_leaves_no_words() -> None:
    for quote in (QUOTED, SENT, f"From: Desk <{ADDRESS}>\nTo: Max\nSubject: s\n\n{SENT}"):
        assert own(quote) == OwnWords("", "", own(quote).known_lines)


def test_words_written_into_an_unmarked_quote_are_kept() -> None:
    begin, _, end = SENT.partition("To approve,")
    heading = f"From: Desk <{ADDRESS}>\nTo: Max\nSubject: s"
    text = f"{heading}\n\n{begin}Is it the blue one?\n\nTo approve,{end}"
    assert own(text).text == "Is it the blue one?"


def test_answers_between_quotes_keep_only_what_every_reader_may_see() -> None:
    request = "New monitor for the front office, 27 inches, about 300 EUR. The old one flickers"
    internal = "Note for agents: the budget of this year is spent, so be careful with a promise."
    sent = f"{request}\n\n{internal}\n\nTo answer Rita, reply to this email."
    text = (
        f"On 30 Nov 2026, Desk <{ADDRESS}> wrote:\n"
        f"> {request}\nWe have one.\n> {internal}\nYou get it on Monday.\n"
        "> To answer Rita, reply to this email."
    )
    found = own(text, sent, visible=request)
    assert found.text == f"> {request}\nWe have one.\nYou get it on Monday."


def test_the_unmarked_mail_of_somebody_else_is_shown_as_a_quote() -> None:
    text = (
        "Please see below.\n\nFrom: Bob <bob@example.net>\nSent: Monday\nSubject: Printer\n\n"
        f"The printer is dead.\n\nFrom: Desk <{ADDRESS}>\nSent: Sunday\nSubject: s\n\n{SENT}"
    )
    found = own(text)
    assert found.text == "Please see below."
    assert found.foreign.splitlines()[0] == "> From: Bob <bob@example.net>"
    assert found.foreign.splitlines()[-1] == "> The printer is dead."


@pytest.mark.parametrize(
    "text",
    [
        "Hello Max,\nI will look at it tomorrow.",
        "To approve, reply with what?",
        "New monitor for the front office, 27 inches, please.",  # said again
        "reject",
    ],
)
def test_a_few_words_of_ours_at_the_top_are_the_persons(text: str) -> None:
    assert own(f"{text}\n\n{QUOTED}").text == text


@pytest.mark.parametrize("name", ["Desk", "ServiceDesk", "Ann McDonald via Desk"])
def test_words_glued_to_the_name_of_the_desk_are_kept(name: str) -> None:
    text = f"Teşekkürler{name} <{ADDRESS}>, 30 Kas 2026 tarihinde şunu yazdı:\n{QUOTED}"
    marks = mark_lines(lines_of(text))
    found = own_words(text, marks, KnownText([SENT]), lambda: KnownText([]), {name})
    assert found is not None
    assert found.text == "Teşekkürler"


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert own_words("approve", "o", KnownText([SENT]), lambda: KnownText([])) is None
    assert own_words("", "", KnownText([]), lambda: KnownText([])) is None


_PIECES = st.sampled_from([
    *SENT.split("\n"), *QUOTED.split("\n"), "From: a@example.org", "To: b", "Subject: c", "-----",
    f"On 30 Nov 2026, Desk <{ADDRESS}> wrote:", "reject", "-- ", "Begin forwarded message:", "",
])  # fmt: skip


@given(st.lists(_PIECES, max_size=40))
def test_every_line_is_the_persons_or_known_or_quoted(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = own_words(
        text, mark_lines(lines_of(text)), KnownText([SENT]), lambda: KnownText([SENT])
    )
    if found is not None:
        said = f"{found.text}\n{found.foreign}"
        assert all(line.lstrip("> ").strip() in text for line in said.split("\n"))


def test_long_texts_are_compared_in_time() -> None:
    hostile = "approve reject " * 20_000
    assert own_words(hostile, "o", KnownText([hostile[:50_000]]), lambda: KnownText([])) is not None
