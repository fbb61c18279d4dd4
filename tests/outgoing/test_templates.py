"""Each template exists, renders whatever is missing, and looks the same everywhere."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jinja2 import UndefinedError

import maildesk
from maildesk.config.schema.settings import Desk
from maildesk.messages.translator import Translator
from maildesk.model.decision import OutgoingMail, Template
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message
from maildesk.model.person import Person
from maildesk.model.report import Report
from maildesk.model.sla.timer import SlaWarning
from maildesk.outgoing.compose import Composer, SenderIdentity, ThreadContext
from maildesk.outgoing.templating.mail_templates import MailTemplates
from maildesk.outgoing.templating.text_filters import aligned, paragraphs, quoted, wrapped
from tests.outgoing.cast import ANN, DESK, KEYS, MAX, NONCE, NOW, RITA, TICKET, TOPIC, report_of
from tests.outgoing.test_compose import composed, parts

FOLDER = Path(maildesk.__file__).parent / "templates" / "mail"
SHARED = {
    f"{name}.{kind}" for name in ("layout", "closing", "sla", "figures") for kind in ("html", "txt")
}
SHARED |= {"parts.html", "plots.html", "parts.txt"}
HOUSES = {
    "with pages": Composer(SenderIdentity(DESK, "https://desk.example.org", KEYS, 30)),
    "by mail alone": Composer(
        SenderIdentity(Desk(address="desk@x.example", delimiter=""), None, KEYS, 30)
    ),
}
SOON = SlaWarning(
    number=1042,
    subject="Printer <b>broken</b>",
    priority="P2",
    metric="first response",
    level="80%",
    due=datetime(2026, 11, 28, 10, 30, tzinfo=ZoneInfo("Europe/Berlin")),
    overdue=False,
    requester="Rita Rossi",
    assignee="Ann Archer",
    team="First line",
)
LATE = replace(SOON, overdue=True, assignee="", team="", priority="", level="+2h", due=None)
REPORT = report_of(
    "Weekly report",
    days=[(4, 1), (0, 0), (12, 9), (3, 5), (7, 7), (1, 0), (0, 0), (2, 0)],
    kept=[("first_response", 45, 5), ("resolution", 0, 0)],
    requesters=[("rita@example.org", 9), ("<b>max</b>@example.org", 1)],
    categories=[("Hardware", 7), ("", 3)],
    issues=[("Printer <b>broken</b>", (1001, 1002, 1003, 1004, 1005)), ("", (1006, 1007))],
)
MONTH = report_of("Monthly report", days=[(n % 7, n % 5) for n in range(31)])
QUIET = report_of("Daily report", days=[(0, 0)])
NOBODY = Person(id=9, name="", address="nobody@example.org")


def test_each_template_has_its_files_and_each_file_its_template() -> None:
    there = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}
    wanted = {f"{template}.{kind}" for template in Template for kind in ("txt", "html")}
    assert there == wanted | SHARED


def combinations() -> Iterator[tuple[OutgoingMail, Person, Person | None, bool]]:
    """Everything that a letter may have or lack."""
    for text, note, links, author, to, proven in itertools.product(
        ("", "Some words.\n\nMore."),
        ("", "A note.", "A note that is far too long to be the heading of a mail " * 2),
        ((), tuple(Purpose)),
        (None, ANN, NOBODY),
        (RITA, NOBODY),
        (True, False),
    ):
        outgoing_mail = OutgoingMail(
            template=Template.REPLY,
            to=to.id,
            text=text,
            note=Message.verbatim(note) if note else None,
            links=links,
            automatic=False,
        )
        yield outgoing_mail, to, author, proven


@pytest.mark.parametrize("house", HOUSES)
@pytest.mark.parametrize("template", Template)
def test_every_template_renders_in_every_combination(template: Template, house: str) -> None:
    bare = replace(TICKET, category="", priority="", team="", service="", close_due=None)
    report = MONTH if template is Template.REPORT else None
    for (outgoing_mail, to, author, proven), ticket in itertools.product(
        combinations(), (TICKET, bare)
    ):
        mail = HOUSES[house].compose(
            replace(outgoing_mail, template=template, report=report),
            replace(TOPIC, ticket=ticket, requester=to),
            to,
            author,
            now=NOW,
            nonce=NONCE,
            proven=proven,
        )
        assert b"None" not in mail.raw


def test_a_misspelt_variable_is_an_error() -> None:
    templates = MailTemplates({"reply.txt": "{{ recipent }}"})
    with pytest.raises(UndefinedError, match="recipent"):
        templates.preview(Template.REPLY, {}, Translator(), "")


class Page(HTMLParser):
    """What a mail program and a screen reader look at."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(params=Template)
def bodies(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Text and HTML of each template, with all that it can carry."""
    outgoing_mail = OutgoingMail(
        template=request.param,
        to=MAX.id,
        text="Some <b>words</b>.",
        note=Message.verbatim("A note."),
        links=tuple(Purpose),
        warnings=(SOON, LATE),
        report=REPORT,
    )
    return parts(composed(outgoing_mail, recipient=MAX, author=RITA))


def test_the_page_is_well_formed_and_accessible(bodies: tuple[str, str]) -> None:
    page = Page(bodies[1])
    assert page.open == []
    assert page.all("html")[0]["lang"] == "en"
    assert [div for div in page.all("div") if div.get("role") == "main"]
    assert len(page.all("h1")) == len(page.all("title")) == 1
    layout = [table for table in page.all("table") if table.get("role") == "presentation"]
    assert len(layout) >= 3


def test_the_page_is_made_for_dark_mode_and_phones(bodies: tuple[str, str]) -> None:
    html = bodies[1]
    metas = {meta.get("name"): meta.get("content") for meta in Page(html).all("meta")}
    assert metas["color-scheme"] == metas["supported-color-schemes"] == "light dark"
    assert metas["viewport"] == "width=device-width, initial-scale=1"
    assert "@media (prefers-color-scheme: dark)" in html
    assert "max-width:600px" in html


def test_the_page_fetches_nothing(bodies: tuple[str, str]) -> None:
    page = Page(bodies[1])
    assert not [tag for tag, _ in page.tags if tag in {"img", "link", "script", "iframe", "form"}]
    assert "url(" not in bodies[1]
    assert "@import" not in bodies[1]
    assert {(link["href"] or "")[:27] for link in page.all("a")} <= {"https://desk.example.org/l/"}


def test_each_class_has_a_dark_colour(bodies: tuple[str, str]) -> None:
    style = bodies[1].partition("<style>")[2].partition("</style>")[0]
    used = {
        word
        for _, attributes in Page(bodies[1]).tags
        for word in (attributes.get("class") or "").split()
    }
    assert used <= set(re.findall(r"\.([a-z]+)", style))


def test_the_text_is_plain_and_narrow(bodies: tuple[str, str]) -> None:
    text = bodies[0].replace("\r\n", "\n")
    assert "MD-1042" in text
    assert "&" not in text
    assert not re.search(r"</?(p|td|div|br)\b", text)
    assert "\n\n\n" not in text
    assert [line for line in text.split("\n") if len(line) > 76 and "https://" not in line] == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        # short lines stay as they are
        ("one\ntwo", ["one", "two"]),
        # a long one is broken at blanks
        ("aaaa bbbb cccc", ["aaaa bbbb", "cccc"]),
        # a word that is longer than the line is kept whole: it may be an address
        ("x" * 14 + " b", ["x" * 14, "b"]),
        # an indent goes along
        ("  aaaa bbbb cccc", ["  aaaa", "  bbbb", "  cccc"]),
        # blanks around the text go
        ("\n\na\n\n", ["a"]),
        ("", [""]),
    ],
)
def test_wrapped(text: str, lines: list[str]) -> None:
    assert wrapped(text, 10).split("\n") == lines


def test_quoted_words_keep_their_empty_lines() -> None:
    assert quoted("a\n\nb") == "> a\n>\n> b"


def test_an_empty_text_has_no_paragraphs() -> None:
    assert paragraphs("\n\n \n\n") == ""


def test_a_warning_says_what_is_due_when_and_where() -> None:
    warning = OutgoingMail(template=Template.SLA_WARNING, to=ANN.id, warnings=(SOON,))
    text, html = parts(composed(warning, recipient=replace(ANN, zone="Europe/Berlin")))
    assert "First response due 28 November 2026, 10:30 CET." in text
    assert "First response due 28 November 2026, 10:30 CET" in html


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        # half past nine in the evening in UTC is the next day further east
        ("Europe/Moscow", "29 November 2026"),
        ("America/Lima", "28 November 2026"),
        # nobody's zone is known: the desk's own
        ("", "28 November 2026"),
    ],
)
def test_a_day_is_in_the_recipients_time_zone(zone: str, day: str) -> None:
    ticket = replace(TICKET, close_due=datetime(2026, 11, 28, 21, 30, tzinfo=UTC))
    outgoing_mail = OutgoingMail(template=Template.RESOLUTION, to=RITA.id, text="Done.")
    topic = replace(TOPIC, ticket=ticket)
    for part in parts(composed(outgoing_mail, topic, replace(RITA, zone=zone))):
        assert f"closes automatically on {day}" in " ".join(part.split())


def test_a_digest_belongs_to_no_ticket_and_names_each() -> None:
    digest = OutgoingMail(template=Template.SLA_DIGEST, to=ANN.id, warnings=(SOON, LATE))
    topic = ThreadContext(None, "2 tickets are due", ANN)
    mail = HOUSES["with pages"].compose(digest, topic, ANN, None, now=NOW, nonce=NONCE)
    assert mail.subject == "2 tickets are due"
    assert mail.raw.count(b"MD-1042") >= 4  # twice in each part


@pytest.mark.parametrize("vip", [True, False])
def test_agents_see_that_a_requester_is_a_vip(vip: bool) -> None:
    topic = replace(TOPIC, requester=replace(RITA, vip=vip))
    outgoing_mail = OutgoingMail(template=Template.AGENT_NOTIFICATION, to=ANN.id)
    text, html = parts(composed(outgoing_mail, recipient=ANN, topic=topic))
    assert (bool(re.search("^VIP: +yes", text, re.MULTILINE)), ">VIP</th>" in html) == (vip, vip)


def reported(report: Report) -> tuple[str, str]:
    outgoing_mail = OutgoingMail(template=Template.REPORT, to=MAX.id, report=report)
    topic = ThreadContext(None, f"{report.name}: 16 to 23 November 2026", MAX)
    return parts(composed(outgoing_mail, recipient=MAX, topic=topic))


def test_a_report_shows_each_day_and_each_sla_metric_in_both_parts() -> None:
    text, html = reported(REPORT)
    assert "Wed 18 Nov  opened   12 ████████████████████" in text
    assert "            closed    9 ███████████████" in text
    assert "Wednesday 18, 12 opened and 9 closed; " in html  # what a screen reader says
    assert html.count('height="72"') == 1  # the highest column
    assert html.count('height="54"') == 1  # and nine twelfths of it
    assert "First response: 90 % met, 45 of 50" in text
    assert ": 90 % met, 45 of 50" in html
    assert "none has ended" in text
    assert "    5 tickets: MD-1005, MD-1004, MD-1003, MD-1002 …" in text


def test_a_report_compares_with_the_previous_period() -> None:
    text, _ = reported(replace(REPORT, opened_before=40, closed_before=0))
    assert "Opened:        29 (11 fewer than in the period before)" in text
    assert "Closed:        22 (22 more than in the period before)" in text


@pytest.mark.parametrize(("waiting", "says"), [(0, ""), (1, "1 email is"), (12, "12 emails are")])
def test_a_report_names_mails_that_wait_for_a_person(waiting: int, says: str) -> None:
    for part in reported(replace(REPORT, waiting=waiting)):
        assert ("quarantine" in part, says in part) == (waiting > 0, True)


def test_text_of_strangers_in_a_report_is_escaped() -> None:
    _, html = reported(REPORT)
    assert "&lt;b&gt;max&lt;/b&gt;" in html
    assert "Printer &lt;b&gt;broken&lt;/b&gt;" in html


def test_a_report_of_a_month_names_its_weeks_and_one_of_a_quiet_day_plots_nothing() -> None:
    _, html = reported(MONTH)
    assert [f">{day}<br>Nov<" in html for day in (16, 23, 30)] == [True, True, True]
    text, html = reported(QUIET)
    assert "Day by day" not in text + html
    assert "0 opened, 0 closed" in html


@pytest.mark.parametrize(
    ("pairs", "text"),
    [
        pytest.param(
            [("A", "1"), ("Long", "2")], "A:     1\nLong:  2", id="values stand in a column"
        ),
        pytest.param([("A", ""), ("B", "2")], "B:  2", id="a pair without a value is left out"),
        pytest.param([], "", id="nothing"),
    ],
)
def test_aligned(pairs: list[tuple[str, str]], text: str) -> None:
    assert aligned(pairs) == text
