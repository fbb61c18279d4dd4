"""No mail, whatever its bytes, raises, takes long or holds much; `bench/fuzz.py` asks 20,000."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import fuzz_mails, fuzz_read, fuzz_words
from bench.fuzz_letter import Shape, Source, attached
from bench.fuzz_read import Cost
from maildesk.ingest.reading.analyse import read

OWN = fuzz_mails.load(Path("no such folder"), Path(__file__).parents[1] / "mails")
FIELDS = [name + b": " for name in fuzz_words.HEADER_NAMES]
PIECES = st.sampled_from(fuzz_words.TOKENS) | st.sampled_from(FIELDS) | st.binary(max_size=12)


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    fuzz_read.warm_up(OWN)


@pytest.mark.parametrize("first", range(0, 400, 50))
def test_mutated_and_made_up_mails_stay_in_their_bounds(first: int) -> None:
    for number in range(first, first + 50):
        made, raw = fuzz_mails.mail(seed=1, number=number, real=OWN)
        cost = fuzz_read.cost(raw)
        assert not cost.faults, (number, made, cost.faults)


@pytest.mark.parametrize("shape", fuzz_mails.SHAPES, ids=lambda shape: shape.__name__)
def test_every_shape_is_the_same_for_the_same_seed(shape: Shape) -> None:
    assert shape(Source("a seed")) == shape(Source("a seed"))


@settings(deadline=None, max_examples=1000, derandomize=True)
@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_pieces_of_mails_in_any_order_can_be_read_and_stored(raw: bytes) -> None:
    reading = read(raw)
    every = [reading.mail.text, reading.mail.html or "", reading.reply_text, reading.mail.subject]
    every += [one.name for one in reading.mail.attachments]
    every += [one for name_and_value in reading.mail.headers for one in name_and_value]
    for text in every:
        assert "\0" not in text
        text.encode()  # a lone surrogate would not pass


@pytest.mark.parametrize(
    "page",
    [
        b"<ul><li>" * 200_000,  # blanks in place of tags once took the square of their number
        # one long cell beside a wide one was laid out as 1.8 GB of blanks
        b"<table><tr><td>" + b"a<br>" * 9_000 + b"<td>" + b"b " * 50_000 + b"</table>",
        b"x<br>" * 180_000,  # a tree of so many tags was eighty times their text
    ],
)
def test_a_page_that_was_too_much_once_is_not_now(page: bytes) -> None:
    raw = b"From: rita@example.org\r\nContent-Type: text/html\r\n\r\n" + page
    assert fuzz_read.cost(raw).faults == ()


@pytest.mark.parametrize(
    ("cost", "faults"),
    [
        (Cost(2.0, "read", 32_000_400, 100, ""), ()),
        (Cost(2.1, "read", 0, 100, ""), ("took 2.10 s, most of it in read",)),
        (Cost(0.1, "read", 32_000_401, 100, ""), ("held 32.0 MB, its size is 0.00 MB",)),
        (Cost(0.1, "read", 0, 100, "ValueError: x (a.py:1)"), ("ValueError: x (a.py:1)",)),
    ],
)
def test_what_breaks_a_bound_is_named(cost: Cost, faults: tuple[str, ...]) -> None:
    assert cost.faults == faults


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        (b"base64", b"A\n" * 400_001),  # what is foreign to base64 once held 90 bytes a letter
        (b"x-uuencode", b"begin 644 x\n" + b"`\n" * 400_000),  # empty lines, 40 bytes a letter
    ],
)
def test_a_coding_that_was_too_much_once_is_not_now(coding: bytes, data: bytes) -> None:
    raw = attached(Source(""), b"text/plain", data, coding.title())
    assert fuzz_read.cost(raw).faults == ()
