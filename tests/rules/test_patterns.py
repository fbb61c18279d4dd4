"""Patterns asked together answer as each of them would alone."""

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from maildesk.rules.patterns import Patterns, error_in

ASKED = (
    ("mail.subject", r"(?i)\b(vpn|wifi)\b"),
    ("mail.subject", r"^Re:"),
    ("mail.text", r"(?i)order.*laptop"),
    ("mail.subject", r"\d{3}$"),
    ("mail.text", r"(?i)\b(vpn|wifi)\b"),
    ("mail.subject", r""),
)
pieces = st.sampled_from(
    ["VPN", "vpn", "Re:", "order", "a laptop", "\n", " ", "123", "12", "Größe"]
)
texts = st.lists(pieces, max_size=6).map("".join)


@given(subject=texts, text=texts)
def test_all_at_once_is_the_same_as_one_by_one(subject: str, text: str) -> None:
    patterns = Patterns()
    numbers = [patterns.number(fact, pattern) for fact, pattern in ASKED]
    patterns.ready()
    facts = {"mail.subject": subject, "mail.text": text}
    alone = [re2.search(pattern, facts[fact]) is not None for fact, pattern in ASKED]
    answers = patterns.answers(facts)
    assert [answers[number] for number in numbers] == alone


def test_the_same_question_has_one_number() -> None:
    patterns = Patterns()
    assert [patterns.number("a", "x"), patterns.number("b", "x"), patterns.number("a", "x")] == [
        *(0, 1, 0),
    ]


def test_patterns_that_do_not_fit_together_are_asked_apart() -> None:
    patterns = Patterns(memory=20_000)
    big = [rf"[a-m]{{{n}}}x" for n in range(80, 90)]
    numbers = [patterns.number("mail.text", pattern) for pattern in [*big, "needle"]]
    patterns.ready()
    answers = patterns.answers({"mail.text": "a needle in a haystack"})
    assert [answers[number] for number in numbers] == [*(False for _ in big), True]
    assert len(patterns._machines) > 1


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [("a+", ""), ("(", "missing )"), ("[a", "missing ]"), ("(?<=a)b", "invalid perl operator")],
)
def test_a_pattern_that_is_none_says_why(pattern: str, fault: str) -> None:
    assert error_in(pattern).startswith(fault)
    assert bool(error_in(pattern)) == bool(fault)
