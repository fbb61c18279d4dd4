"""Joins soft line breaks (RFC 3676): a paragraph becomes one line, also in quotes."""

import re
from collections.abc import Iterator

_QUOTED = re.compile(r">+")
_SIGNATURE = "-- "
_LINES = 200_000


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """The text of a format=flowed part with its paragraphs made whole (§4.1 to §4.5).

    A line flows into the next one of the same quote depth, but never into an empty one.
    `delete_space` is DelSp=yes. A text of more than 200,000 lines stays as it is.
    """
    if text.count("\n") > _LINES:
        return text
    return "\n".join(_paragraphs(text.split("\n"), delete_space))


def _paragraphs(lines: list[str], delete_space: bool) -> Iterator[str]:
    taken: list[str] = []  # of the paragraph that is still open
    open_depth = 0
    for line in lines:
        depth, said = _quote(line)
        if taken and (depth != open_depth or said in (_SIGNATURE, "")):
            yield _marked(open_depth, taken)
            taken = []
        soft = said.endswith(" ") and said != _SIGNATURE
        taken.append(said[:-1] if soft and delete_space else said)
        open_depth = depth
        if not soft:
            yield _marked(depth, taken)
            taken = []
    if taken:
        yield _marked(open_depth, taken)


def _quote(line: str) -> tuple[int, str]:
    """(quote depth, the line without its marks and the blank that was stuffed before it)."""
    marks = _QUOTED.match(line)
    depth = marks.end() if marks else 0
    said = line[depth:]
    return depth, said[1:] if said.startswith(" ") else said


def _marked(depth: int, taken: list[str]) -> str:
    said = "".join(taken)
    return f"{'>' * depth} {said}" if depth and said else ">" * depth + said
