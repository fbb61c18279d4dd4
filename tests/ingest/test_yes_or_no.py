"""A yes or a no in people's own words, by native usage; none decides wrongly."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from maildesk.ingest.intent.decisions import DecisionWord, read_decision
from maildesk.ingest.intent.thanks import is_thanks
from maildesk.ingest.intent.yes_or_no import Question, read_answer
from maildesk.model.cause import Choice

FOLDER = Path(__file__).parent / "phrases"
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.toml"))


def _phrases(key: str) -> list[object]:
    return list(_read(key))


def _read(key: str) -> Iterator[object]:
    for language in LANGUAGES:
        table = tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))
        for phrase in table[key]:
            yield pytest.param(phrase, id=f"{language}-{phrase[:40]}")


def said(text: str, question: Question, author: str = "Rita Rossi") -> DecisionWord:
    """What the desk makes of the text."""
    spoken = read_decision(text, author)
    is_clear = spoken.choice is not None or spoken.unclear
    return spoken if is_clear else read_answer(text, question, author)


@pytest.mark.parametrize("text", _phrases("accept"))
def test_a_yes_accepts_the_resolution(text: str) -> None:
    assert said(text, Question.RESOLUTION).choice is Choice.ACCEPT


@pytest.mark.parametrize("text", _phrases("approve"))
def test_a_yes_approves_the_request(text: str) -> None:
    assert said(text, Question.APPROVAL, "Max Moreno").choice is Choice.APPROVE


@pytest.mark.parametrize("text", _phrases("reject"))
def test_a_no_rejects_the_request_and_accepts_nothing(text: str) -> None:
    assert said(text, Question.APPROVAL, "Max Moreno").choice is Choice.REJECT
    assert said(text, Question.RESOLUTION).choice in (None, Choice.REJECT)


@pytest.mark.parametrize("text", _phrases("neither"))
def test_anything_else_decides_nothing(text: str) -> None:
    assert said(text, Question.APPROVAL, "Max Moreno").choice is None
    assert said(text, Question.RESOLUTION).choice is None


@pytest.mark.parametrize("text", _phrases("asked"))
def test_a_no_beside_a_yes_accepts_nothing(text: str) -> None:
    found = said(text, Question.RESOLUTION)
    assert (found.choice, found.unclear) == (None, True)
    assert said(text, Question.APPROVAL, "Max Moreno").choice is not Choice.APPROVE


@pytest.mark.parametrize("text", ["Thanks", "Great, thanks!", "Super, danke!", "Merci beaucoup"])
def test_thanks_alone_are_no_yes(text: str) -> None:
    assert is_thanks(text)
    assert said(text, Question.RESOLUTION) == DecisionWord(None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("No, too expensive.", "too expensive."),
        ("Nein. Wir haben noch zwei.\nMax", "Wir haben noch zwei.\nMax"),
        ("No", ""),
        ("No, thanks", ""),
    ],
)
def test_what_follows_a_no_is_its_reason(text: str, reason: str) -> None:
    assert read_answer(text, Question.APPROVAL, "Max Moreno").reason == reason


@pytest.mark.parametrize(
    "text", ["It is still broken.", "Es ist noch kaputt", "It does nothing at all"]
)
def test_a_complaint_is_no_yes_and_is_not_asked_about(text: str) -> None:
    assert read_answer(text, Question.RESOLUTION) == DecisionWord(None)


@pytest.mark.parametrize(
    "text", ["Yes but the printer still jams", "Yes, and a mouse", "Yes?", "No, it works now"]
)
def test_a_yes_beside_something_else_is_asked_about(text: str) -> None:
    assert read_answer(text, Question.RESOLUTION).unclear


def test_a_long_text_decides_nothing() -> None:
    long = "Yes. " + "There is more to say about that. " * 40
    assert read_answer(long, Question.RESOLUTION) == DecisionWord(None, unclear=True)
    assert read_answer("yes " * 5_000, Question.RESOLUTION).choice is None
