"""The new text of a mail, apart from what it quotes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.ingest.content.reply import reply_text
from maildesk.ingest.reading.analyse import read

MAILS = Path(__file__).resolve().parent.parent / "mails"


@pytest.mark.parametrize(
    "quote",
    [
        "On Mon, 3 Feb 2025 at 09:00, Ann <ann@example.com> wrote:\n> Have you tried?",
        "On Mon, 3 Feb 2025 at 09:00, Ann\n<ann@example.com>\nwrote:\n\n> Have you tried?",
        "Am 03.02.2025 um 09:00 schrieb Ann <ann@example.com>:\n> Schon versucht?",
        "Le 3 févr. 2025 à 09:00, Ann <ann@example.com> a écrit :\n> Essayé ?",
        "El lun, 3 feb 2025 a las 9:00, Ann (<ann@example.com>) escribió:\n> hola",
        "Il giorno 3 feb 2025 alle 9:00 Ann <ann@example.com> ha scritto:\n> ciao",
        "Op ma 3 feb. 2025 om 09:00 schreef Ann <ann@example.com>:\n> hallo",
        "Den mån 3 feb. 2025 kl 09:00 skrev Ann <ann@example.com>:\n> hej",
        "man. 3. feb. 2025 kl. 09:00 skrev Ann <ann@example.com\n>:\n> hei",
        "W dniu 3.02.2025 o 09:00 Ann pisze:\nAnn <ann@example.com> napisał:\n> cześć",
        "пн, 3 февр. 2025 г. в 09:00, Ann <ann@example.com>:\n\n> привет",
        "2025年2月3日 9:00 Ann <ann@example.com> 写道:\n> 你好",
        "Vào 9:00 3 tháng 2, 2025, Ann <ann@example.com> đã viết:\n> Xin chào",
        "From: Ann <ann@example.com>\nSent: Monday\nTo: Rita\nSubject: RE: s\n\nHave you tried?",
        "*Von:* Ann\n*Gesendet:* Montag\n*An:* Rita\n*Betreff:* s\n\nSchon versucht?",
        "-----Original Message-----\nHave you tried?",
        "-------- Message d'origine --------\nDe : Ann\n\nEssayé ?",
        "-- \nRita Ray\nExample Ltd",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "_______________________________________________\nusers mailing list\nusers@example.org",
    ],
)
def test_what_is_not_new_is_left_out(quote: str) -> None:
    assert reply_text(f"It works now.\nThank you.\n\n{quote}\n") == "It works now.\nThank you."


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote to you.\nNo answer came.",
        "Please change this:\nname: Rita\nroom: 12",
        "From: London\nTo: Paris\nI need a train for that.",  # a request, not a header
        "Subject to approval: yes.\nWhat next?",
        "The log says:\n---\nERROR 12\n---\nWhat is that?",
        "Date: 3 May\nRoom: 12",
        "I wrote: do it",
        "> only a quote",
        "FYI\n\n---------- Forwarded message ----------\nFrom: a@example.org\nSubject: s\n\ntext",
        "Regards,\nRita",
    ],
)
def test_in_doubt_a_line_is_kept(text: str) -> None:
    assert reply_text(text) == text


def test_an_answer_below_the_quote_is_found() -> None:
    text = "On 3 Feb 2025, Ann <ann@example.com> wrote:\n> Have you tried?\n\nYes."
    assert reply_text(text) == "Yes."


def test_an_answer_below_a_quote_with_another_mark_is_found() -> None:
    text = "Hi,\nOn 3 Feb 2025, Ann <ann@example.com> wrote:\n# Have you\n# tried?\n#\nYes, I did."
    assert reply_text(text) == "Hi,\nYes, I did."


def test_answers_between_the_quotes_keep_them_for_without_them_they_say_nothing() -> None:
    text = "Ann wrote:\n> Is it on?\nYes.\n> And plugged in?\nNo."
    assert reply_text(f"{text}\n> Thanks.\n> Ann") == text


def test_html_decides_where_the_text_shows_no_quote() -> None:
    reading = read((MAILS / "outlook-reply-html.eml").read_bytes())
    assert reading.reply_text == "It works now."
    assert "Have you tried?" in reading.mail.text


def test_the_reply_of_a_mail_is_what_stands_above_the_quote() -> None:
    reading = read((MAILS / "top-posted-reply.eml").read_bytes())
    assert reading.reply_text == "It works now, thank you."


@given(st.lists(st.sampled_from(["> a", "b", "", "On 1 May, x@y.z wrote:", "-- ", "From: a@b"])))
def test_no_text_makes_it_raise_or_grow(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert len(reply_text(text)) <= len(text)


@pytest.mark.parametrize(
    ("said", "attribution"),
    [
        ("accept\n\nThanks a lot!\n\nRita", "On 2026-05-04 09:12, Ann (Service Desk) wrote:"),
        ("#tag lamp\n\n#prio P4", "On 2026-05-04 09:12, Service Desk wrote:"),
        ("It works.", "On 5/4/26 09:12, Service Desk wrote:"),
        ("Es geht.", "Am 04.05.26 um 09:12 schrieb Ann:"),
        ("Merci", "Le lun. 4 mai 2026 à 09:12, Ann <ann@example.org> a écrit :"),
        ("Bedankt", "Op ma 4 mei 2026 om 09:12 schreef Ann <ann@example.org>:"),
        ("Tack", "Den mån 4 maj 2026 kl 09:12 skrev Ann <ann@example.org>:"),
        ("Dziękuję.", "W dniu 4.05.2026 o 09:12, Ann <ann@example.org> napisał:"),
    ],
)
@pytest.mark.parametrize("between", ["", " ", " - "])
def test_words_on_the_line_of_the_attribution_are_kept(
    said: str, attribution: str, between: str
) -> None:
    text = f"{said}{between}{attribution}\n\n> Is it on?\n>\n> Ann\n"
    assert reply_text(text) == f"{said}{between}".rstrip()


def test_words_glued_to_an_attribution_that_was_wrapped_are_kept() -> None:
    text = (
        "Thanks, it is all fine again since the lamp was changed. Rita"
        "On 2026-05-04 09:12,\nAnn (Service Desk) wrote:\n\n> Is it on?\n"
    )
    assert reply_text(text).endswith("was changed. Rita")


def test_a_shared_line_in_html_ends_what_was_written_above_it() -> None:
    text = "It works - Am Montag, May 4, 2026 09:12 CEST, schrieb Desk <desk@example.org>:\nold"
    assert reply_text(text) == "It works -"


@pytest.mark.parametrize(
    "line",
    [
        "the support of Example <support@example.com> wrote:",
        "yesterday bob@example.com <bob@example.com> wrote:",
        "here is what the vendor <vendor@example.com> wrote:",
    ],
)
def test_words_that_a_person_passes_on_are_kept(line: str) -> None:
    text = f"Hello,\n\n{line}\n\nUse port 12.\n\nCan you do that?\nRita"
    assert reply_text(text) == text


@pytest.mark.parametrize(
    "said", ["accept", "accept\n\nThank you!\n\nRita", "a\n\nb\n\nc\n\nd\n\ne"]
)
def test_an_answer_of_several_lines_below_the_quote_is_taken_alone(said: str) -> None:
    quote = "On 5/4/26 09:12, Ann wrote:\n> Is it solved?\n>\n> accept or reject\n"
    assert reply_text(f"{quote}\n{said}\n") == said


@pytest.mark.parametrize(
    "links",
    [
        "Links:\n------\n[1] http://desk.example.org/a\n[2] http://desk.example.org/b",
        "Links:\n------\n[1]\nhttp://desk.example.org/a\n[2] mailto:desk@example.org",
        "Verweise:\n---------\n[1] https://desk.example.org/a",
    ],
)
def test_a_list_of_links_below_the_quote_is_no_answer(links: str) -> None:
    quote = "On 2026-05-04 09:12, Ann wrote:\n\n> Is it solved? Accept [1]\n"
    assert reply_text(f"accept\n\n{quote}\n\n\n{links}\n") == "accept"
    assert reply_text(f"accept\n\n{quote}\n\n\n{links}\n\nRita\n").split() == ["accept", "Rita"]


_INDENTED = "Error 5: access denied"


@pytest.mark.parametrize(
    "opening",
    [
        pytest.param("<blockquote>", id="bare"),
        pytest.param('<blockquote style="margin:0 0 0 40px;border:none">', id="Gmail and Apple"),
        pytest.param('<blockquote dir="ltr" style="margin-left: 40px">', id="Outlook"),
    ],
)
def test_an_indented_paragraph_is_no_quote(opening: str) -> None:
    html = f"<div>I see this:</div>{opening}<p>{_INDENTED}</p></blockquote><div>Since Friday.</div>"
    text = f"I see this:\n{_INDENTED}\nSince Friday."
    assert reply_text(text, html).split("\n\n") == text.split("\n")


@pytest.mark.parametrize(
    "quote",
    [
        pytest.param(f'<blockquote type="cite">{_INDENTED}</blockquote>', id="marked by type"),
        pytest.param(f'<blockquote class="protonmail_quote">{_INDENTED}</blockquote>', id="class"),
        pytest.param(
            f'<blockquote style="border-left:1px solid #ccc">{_INDENTED}</blockquote>', id="a line"
        ),
        pytest.param(
            "<p>On 2026-11-30 22:41, Ann &lt;ann@example.org&gt; wrote:</p>"
            f"<blockquote>{_INDENTED}</blockquote>",
            id="below an attribution",
        ),
    ],
)
def test_a_quote_in_html_is_known_by_its_mark_or_its_attribution(quote: str) -> None:
    html = f"<div>It works now.</div>{quote}"
    assert _INDENTED not in reply_text(f"It works now.\n{_INDENTED}", html)


def test_a_thousand_bare_blockquotes_are_read_in_time() -> None:
    long = "x" * 100_000
    assert reply_text(long, f"<p>{long}</p>" + "<blockquote></blockquote>" * 5_000) == long


@pytest.mark.parametrize(
    ("said", "attribution"),
    [
        ("Dzięki", "pon., 30 lis 2026 o 22:41 Desk <desk@example.org> napisał(a):"),
        ("Dzięki", "W dniu 30.11.2026 o 22:41, Desk pisze:"),
        ("谢谢", "在 2026-11-30 22:41，Desk 写道："),
        ("谢谢", "Desk <desk@example.org> 于2026年11月30日周一 22:41写道："),
        ("감사합니다", "2026년 11월 30일 (월) 오후 10:41, Desk <desk@example.org>님이 작성:"),
        ("Teşekkürler", "30.11.2026 22:41 tarihinde Desk yazdı:"),
        ("Спасибо", "пн, 30 нояб. 2026 г. в 22:41, Desk <desk@example.org>:"),
        ("Спасибо", "30.11.2026 22:41, Desk пишет:"),
        ("ありがとう", "2026年11月30日(月) 22:41 Desk <desk@example.org>:"),
        ("Díky", "po 30. 11. 2026 v 22:41 odesílatel Desk <desk@example.org> napsal:"),
        ("Kiitos", "ma 30.11.2026 klo 22.41 Desk (desk@example.org) kirjoitti:"),
        ("Takk", "man. 30. nov. 2026 kl. 22:41 skrev Desk <desk@example.org>:"),
        ("Kösz", "2026. 11. 30. 22:41 keltezéssel, Desk írta:"),
        ("Дякую", "пн, 30 лист. 2026 р. о 22:41 Desk <desk@example.org> пише:"),
        ("Mulțumesc", "lun., 30 nov. 2026 la 22:41, Desk <desk@example.org> a scris:"),
        ("Thanks", "30/11/2026 22:41, Desk wrote:"),
        # no word of theirs: months end like a weekday, names begin in the middle of a word
        ("", "On Apr 3, 2026, at 4:10 PM, Bob wrote:"),
        ("", "30 agosto 2026 Desk <desk@example.org> ha scritto:"),
        ("", "Ann McDonald <desk@example.org> wrote:"),
        ("", "HelpDesk <desk@example.org> wrote:"),
    ],
)
def test_words_glued_to_an_attribution_are_kept_in_each_language(
    said: str, attribution: str
) -> None:
    assert reply_text(f"{said}{attribution}\n> Have you tried?") == said


def test_a_bare_rule_above_the_mark_of_the_signature_is_text() -> None:
    text = "Please see:\n--\na line of the log\n--\nIs that ok?"
    assert reply_text(f"{text}\n-- \nRita\nExample Ltd") == text


@pytest.mark.parametrize("labels", ["Date: 3 May\nTo: bob@example.net", "To: bob@example.net"])
def test_a_list_of_what_is_to_be_done_is_no_header_block(labels: str) -> None:
    text = f"Please book:\n{labels}\nfor the trip"
    assert reply_text(text) == text
