"""HTML as text: what a reader sees in lines, lists and columns, within bounds."""

import time

import pytest

from maildesk.ingest.html.plain_text import to_text

ROWS = {
    "inline elements join": ("<p>Pay <b>now</b>, <i>please</i>.</p>", "Pay now, please."),
    "white space collapses": ("<p> one\n  two <b> three</b> </p>", "one two three"),
    "paragraphs have a blank line": ("<p>one</p><p>two</p>", "one\n\ntwo"),
    "divs have none": ("<div>one</div><div>two</div>three", "one\ntwo\nthree"),
    "a break ends the line": ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
    "at most one blank line": ("one<br><br><br><br>two", "one\n\ntwo"),
    "an empty block is no line": ("<div>one</div><div></div><div> </div>two", "one\ntwo"),
    "a rule ends the line": ("one<hr>two", "one\ntwo"),
    "bullets": ("Buy:<ul><li>ink<li>paper</ul>", "Buy:\n  * ink\n  * paper"),
    "numbers": ("Do:<ol><li>stop<li>start</ol>", "Do:\n 1. stop\n 2. start"),
    "a list in a list": ("x<ul><li>a<ul><li>b</ul><li>c</ul>", "x\n  * a\n      + b\n  * c"),
    "a broken item is indented": ("x<ul><li>a<br>b</ul>", "x\n  * a\n    b"),
    "an empty item has no bullet": ("x<ul><li></li><li>a</ul>b", "x\n  * a\nb"),
    "columns": (
        "<table><tr><th>Item<th>Pieces<tr><td>Ink<td>3</table>",
        "Item  Pieces\nInk   3",
    ),
    "a cell of two lines": (
        "<table><tr><td>a<br>b<td>one<td>two<tr><td>c<td>three</table>",
        "a  one    two\nb\nc  three",
    ),
    "an empty cell keeps its column": (
        "<table><tr><td>a<td><td>b<tr><td>c<td>d<td>e</table>",
        "a     b\nc  d  e",
    ),
    "a table in a cell": (
        "<table><tr><td><table><tr><td>a<td>b</table></table>after",
        "a  b\n\nafter",
    ),
    "text behind a table": ("<table><tr><td>a</table>b", "a\n\nb"),
    "a table ends the line": ("a<table><tr><td>b</table>", "a\nb"),
    "pre keeps its blanks": ("<pre>a  b\n  c</pre>d", "a  b\n  c\nd"),
    "a style keeps them, too": (
        '<div style="white-space: pre-wrap">a  b<span>\n  c</span></div>',
        "a  b\n  c",
    ),
    "a style collapses them": ('<pre style="white-space:normal">a  b</pre>', "a b"),
    "what is hidden is left out": (
        'a<div style="color:red; DISPLAY : none">b<br><table><tr><td>c</table></div>d',
        "ad",
    ),
    "what is visible in the hidden stays so": (
        '<p style="display:none">a<b style="display:block">b</b></p>c',
        "c",
    ),
    "inline by style": ('<div>a</div><div style="display:inline">b</div>c', "a\nbc"),
    "a block by style": ('a<span style="display:block">b</span>c', "a\nb\nc"),
    "no margin by style": (
        '<p style="margin-bottom:0cm">a</p><p style="margin-top:0">b</p>',
        "a\nb",
    ),
    "a margin by style": ('<div>a</div><div style="margin-top: 1em">b</div>', "a\n\nb"),
    "quotation marks": ("He said <q>yes</q>.", 'He said "yes".'),
    "no second unescaping": ("<p>&amp;lt;b&amp;gt;</p>", "&lt;b&gt;"),
}


@pytest.mark.parametrize(("html", "text"), ROWS.values(), ids=ROWS)
def test_html_is_laid_out_as_a_reader_sees_it(html: str, text: str) -> None:
    assert to_text(html) == text


WIDE = "x" * 300
HOSTILE = {
    "one tall cell beside many": "<td>x" * 10_000 + "<td>" + "<br>" * 10_000,
    "one wide cell in each of many columns": "<tr>" + f"<td>{WIDE}" * 500 + "<tr><td>x" * 9_000,
    "tables beside each other in tables": "<table><tr><td>x<td>" * 60 + "<br>x" * 20_000,
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_the_blanks_of_a_table_are_bounded(html: str) -> None:
    started = time.process_time()
    text = to_text(f"<table>{html}</table>")
    assert time.process_time() - started < 2
    assert len(text) < 6_000_000
    assert "x" in text


@pytest.mark.parametrize(
    "piece",
    ["<p>x", "<li>x<br>", "<ul><li>x</ul>", "<td>x", "<pre>\n</pre>", "<b>x</b> ", "x<br>"],
)
def test_its_time_is_linear(piece: str) -> None:
    def seconds(count: int) -> float:
        started = time.process_time()
        to_text(piece * count)
        return time.process_time() - started

    seconds(100)
    assert seconds(16_000) < 0.5 + 8 * seconds(4_000)
