"""A message is rendered with its values, in the reader's language and zone, as text and as HTML."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from maildesk.messages import dates
from maildesk.messages.catalogue import catalogue
from maildesk.messages.translator import Translator, translator
from maildesk.model.message import Message, Value
from maildesk.model.person import Person

AT = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
BERLIN = Translator("en", ZoneInfo("Europe/Berlin"))
MALLORY = Person(id=5, name="<b>Mallory</b>", address="m@example.org")


def shown(form: str, value: Value) -> str:
    """A value in the form that a text of the catalogue asks for, where its reader is."""
    return BERLIN._value(value, form, html=False)


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        pytest.param("", "word", "word", id="text"),
        pytest.param("", None, "", id="nothing"),
        pytest.param("", 12_345, "12,345", id="a number"),
        pytest.param("", 0.5, "0.5", id="a fraction"),
        pytest.param("ticket", 12_345, "MD-12345", id="a ticket"),
        pytest.param("", AT, "28 November 2026, 10:30 CET", id="a time"),
        pytest.param("day", AT, "28 November 2026", id="the date of a time"),
        pytest.param("time", AT, "10:30", id="a time of the day"),
        pytest.param("stamp", AT, "2026-11-28 10:30", id="a time in a listing"),
        pytest.param("", date(2026, 1, 2), "2 January 2026", id="a date"),
        pytest.param("", MALLORY, "<b>Mallory</b>", id="a person"),
        pytest.param("full", MALLORY, "<b>Mallory</b> <m@example.org>", id="name and address"),
        pytest.param("address", MALLORY, "m@example.org", id="an address"),
        pytest.param("", ("a", "b", "c"), "a, b and c", id="a list"),
        pytest.param("or", ("a", "b", "c"), "a, b or c", id="a choice"),
        pytest.param("commas", ("a", "b", "c"), "a, b, c", id="a list without a conjunction"),
        pytest.param("", Message.of("event.reopened"), "reopened", id="a message"),
    ],
)
def test_the_forms_of_values(form: str, value: Value, text: str) -> None:
    assert shown(form, value) == text


def test_a_person_without_a_name_is_an_address() -> None:
    nameless = Person(id=6, name="", address="n@example.org")
    assert shown("", nameless) == shown("full", nameless) == "n@example.org"


def test_a_translator_without_a_zone_leaves_times_where_they_are() -> None:
    there = AT.astimezone(ZoneInfo("America/New_York"))
    assert Translator().moment(there) == "28 November 2026, 04:30 EST"
    assert Translator().day(there) == "28 November 2026"


def test_the_day_is_that_of_the_reader() -> None:
    late = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)
    assert BERLIN.day(late) == "29 November 2026"


def test_html_escapes_all_but_markup() -> None:
    message = Message.of("event.tag-added", tag='<script>"')
    assert BERLIN.html(message) == Markup("tag &#34;&lt;script&gt;&#34;&#34; added")
    marked = BERLIN.html("event.tag-added", tag=Markup("<b>x</b>"))
    assert marked == Markup("tag &#34;<b>x</b>&#34; added")


def test_html_escapes_within_lists_and_messages() -> None:
    keys = Message.of("event.problems-taken-over", keys=("<a>", "&"))
    assert "&lt;a&gt;, &amp;" in BERLIN.html(keys)
    why = Message.of("event.approval-forwarded", old="<o>", new="n", why=Message.verbatim("<w>"))
    assert "(&lt;w&gt;)" in BERLIN.html(why)


def test_a_value_is_never_read_as_a_pattern() -> None:
    message = Message.of("event.tag-added", tag="{tag} {0} %s")
    assert BERLIN.text(message) == 'tag "{tag} {0} %s" added'


def test_messages_follow_each_other() -> None:
    both = Message.of("event.reopened") + Message.verbatim("{Really}.")
    assert BERLIN.text(both) == "reopened {Really}."


def test_a_message_without_its_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="tag"):
        BERLIN.text(Message.of("event.tag-added"))


def test_an_id_that_the_catalogue_lacks_is_an_error() -> None:
    with pytest.raises(KeyError, match="no-such"):
        BERLIN.text("event.no-such")


def test_a_translator_is_kept() -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert translator("en", zone) is translator("en", zone)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00 h"), (27_000, "7:30 h"), (360_059, "100:00 h")]
)
def test_lengths_of_time(seconds: int, text: str) -> None:
    assert dates.hours(seconds) == text


def test_the_labels_of_a_plot() -> None:
    here = catalogue("en").locale
    assert dates.weekday(AT, here) == "Saturday"
    assert dates.weekday(AT, here, short=True) == "Sat"
    assert dates.month(AT, here) == "Nov"
    assert dates.short_day(AT, here) == "Sat 28 Nov"
