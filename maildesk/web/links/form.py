"""Reads the form that a page sends, within limits."""

from dataclasses import dataclass
from unicodedata import category
from urllib.parse import parse_qs

import anyio
from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from maildesk.model.cause import Choice, Work

BODY_BYTES = 64 * 1024
BODY_SECONDS = 15
MAX_COMMENT_CHARACTERS = 5_000  # at most twelve bytes per character, so the longest fits the body
_FIELDS = 10
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """The choice, None if there is none, and the comment as it was typed."""

    choice: Choice | Work | None = None
    comment: str = ""

    @property
    def too_long(self) -> bool:
        """Whether the comment is longer than maildesk stores."""
        return len(self.comment) > MAX_COMMENT_CHARACTERS


def _clean(text: str) -> str:
    """The text with LF line ends and no control characters, which neither database nor mail keeps.

    A text without visible characters, such as a zero-width space, becomes "".
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in lines if c in "\n\t" or category(c) != "Cc").strip()
    return kept if any(category(c)[0] not in "CZ" for c in kept) else ""


def _choice_of(word: str) -> Choice | Work | None:
    return next((one for one in (*Choice, *Work) if one == word), None)


def read(body: bytes) -> Form:
    """The form in a body of `application/x-www-form-urlencoded`; an unreadable one is empty."""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), errors="replace", max_num_fields=_FIELDS)
    except ValueError:
        return Form()
    choices, comments = fields.get("choice", [""]), fields.get("comment", [""])
    # A form with several choices counts as one without a choice.
    return Form(_choice_of(choices[0]) if len(choices) == 1 else None, _clean(comments[0]))


async def body(request: Request, limit: int = BODY_BYTES) -> bytes:
    """The body of the request, at most `limit` bytes.

    Raises HTTPException: 400 if the client disconnects, 408 if it is too slow, 413 if it is too
    large.
    """
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
    """The form of a request.

    Raises HTTPException: 408 and 413 as in `body`, 415 if the content is not a form.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise HTTPException(415)
    return read(await body(request))
