"""What a person sends with the button, read within bounds."""

from dataclasses import dataclass
from unicodedata import category
from urllib.parse import parse_qs

import anyio
from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from maildesk.model.cause import Choice, Work

BODY_BYTES = 64 * 1024
BODY_SECONDS = 15
COMMENT_LETTERS = 5_000  # twelve bytes for a letter at worst, so that a full comment fits the body
_FIELDS = 10
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """The choice, or None where none was made, and the comment as it was typed."""

    choice: Choice | Work | None = None
    comment: str = ""

    @property
    def too_long(self) -> bool:
        """Whether the comment is longer than we keep."""
        return len(self.comment) > COMMENT_LETTERS


def _clean(text: str) -> str:
    """Lines end in LF; other control characters would not survive the database or a mail. What
    shows nothing, as a zero-width space alone, says nothing."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in lines if c in "\n\t" or category(c) != "Cc").strip()
    return kept if any(category(c)[0] not in "CZ" for c in kept) else ""


def _choice(word: str) -> Choice | Work | None:
    return next((one for one in (*Choice, *Work) if one == word), None)


def read(body: bytes) -> Form:
    """The form in a body of `application/x-www-form-urlencoded`; an unreadable one is empty."""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), errors="replace", max_num_fields=_FIELDS)
    except ValueError:
        return Form()
    choices, comments = fields.get("choice", [""]), fields.get("comment", [""])
    # Two different choices in one form are no choice.
    return Form(_choice(choices[0]) if len(choices) == 1 else None, _clean(comments[0]))


async def body(request: Request, limit: int = BODY_BYTES) -> bytes:
    """What was sent; 400, 408 or 413 where it breaks off, is too slow or over `limit` bytes."""
    whole = bytearray()
    try:
        with anyio.fail_after(BODY_SECONDS):
            async for chunk in request.stream():
                whole += chunk
                if len(whole) > limit:
                    raise HTTPException(413)
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    return bytes(whole)


async def sent(request: Request) -> Form:
    """The form of a request; 408, 413 or 415 where it is too slow, too large or no form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise HTTPException(415)
    return read(await body(request))
