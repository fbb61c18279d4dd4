"""Soft line breaks of format=flowed (RFC 3676) are undone, in quotes as well."""

import pytest

from maildesk.ingest.mime.flowed import unflowed


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("one \nline\n", "one line\n"),
        ("two\nlines\n", "two\nlines\n"),
        ("a blank \n\nstays\n", "a blank \n\nstays\n"),
        # a signature is never flowed into, nor does it flow
        ("text \n-- \nRita\n", "text \n-- \nRita\n"),
        # stuffed blanks go, one a line
        (" From here\n  two\n", "From here\n two\n"),
        # a quote flows within its own depth alone
        ("> quoted \n> text\n", "> quoted text\n"),
        (">> deep \n> less\n", ">> deep \n> less\n"),
        ("> quoted \nmine\n", "> quoted \nmine\n"),
        ("mine \n> quoted\n", "mine \n> quoted\n"),
        (">\n> a\n", ">\n> a\n"),
        # a quote of a quote with blanks between its marks keeps them
        ("> > a \n> > b\n", "> > a > b\n"),
        # no line end at the end
        ("open \nend", "open end"),
        ("soft end ", "soft end "),
        ("", ""),
    ],
)
def test_a_paragraph_is_one_line_again(text: str, whole: str) -> None:
    assert unflowed(text) == whole


def test_delsp_takes_the_blank_at_the_break_away() -> None:
    assert unflowed("Donau \ndampf \n\nx", delete_space=True) == "Donaudampf\n\nx"


def test_a_text_of_very_many_lines_stays_as_it_is() -> None:
    assert unflowed("a \n" * 200_001) == "a \n" * 200_001
