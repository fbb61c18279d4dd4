"""What came with a text of the conversation: the whole mail, its HTML in a frame, its attachments.

All of it is a stranger's. The HTML is an answer of its own, in a sandbox without scripts; of an
attachment a browser opens nothing but four sorts of picture, told by their bytes.
"""

import re
from collections.abc import Callable
from urllib.parse import quote

from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.responses import Response

from maildesk.model.page import Enclosure, Problem
from maildesk.web import guard
from maildesk.web.links.link_pages import LinkPages
from maildesk.web.links.render import Drawing

_SAFE = re.compile(r"[^A-Za-z0-9._ -]")
_INDEX = re.compile(r"-?[0-9]{1,4}")
_SANDBOX = "default-src 'none'; sandbox"


class Mails:
    """The mails behind a link. `problem` makes the page of a link that does not open."""

    def __init__(
        self, door: LinkPages, drawing: Drawing, problem: Callable[[Problem], Response]
    ) -> None:
        self._door = door
        self._drawing = drawing
        self._problem = problem

    def whole(self, token: str, message: str) -> Response:
        """The mail with all that it quotes."""
        mail = self._door.mail(token, message)
        if isinstance(mail, Problem):
            return self._problem(mail)
        policy = guard.policy(self._drawing.style_source, frames=True)
        return HTMLResponse(self._drawing.mail(mail, token), headers={guard.POLICY: policy})

    def formatted(self, token: str, message: str) -> Response:
        """Its HTML, for the frame of that page."""
        mail = self._door.mail(token, message)
        if isinstance(mail, Problem) or mail.html is None:
            return self._problem(mail if isinstance(mail, Problem) else Problem.UNKNOWN)
        policy = guard.frame_policy(self._drawing.frame_style_source)
        return HTMLResponse(self._drawing.frame(mail.html), headers={guard.POLICY: policy})

    def picture(self, token: str, message: str, index: str) -> Response:
        """A picture of the mail, to be shown; what only calls itself one is to be saved."""
        found = self._enclosure(token, message, index)
        if isinstance(found, Problem):
            return self._problem(found)
        return _sent(found, "inline" if found.is_picture else "attachment")

    def file(self, token: str, message: str, index: str) -> Response:
        """An attachment, to be saved."""
        found = self._enclosure(token, message, index)
        if isinstance(found, Problem):
            return self._problem(found)
        return _sent(found, "attachment")

    def _enclosure(self, token: str, message: str, index: str) -> Enclosure | Problem:
        if not _INDEX.fullmatch(index):
            return Problem.UNKNOWN
        return self._door.enclosure(token, message, int(index))


def _sent(found: Enclosure, disposition: str) -> Response:
    headers = {
        guard.POLICY: _SANDBOX,
        "Content-Disposition": f"{disposition}; {_named(found.name)}",
        "Content-Length": str(found.size),
        "Content-Type": found.type,
    }
    return StreamingResponse(found.pieces, headers=headers)


def _named(name: str) -> str:
    """The name in letters that every browser reads alike, and as it is (RFC 6266 §4.3, 8187)."""
    spelled = quote(name, safe="", errors="replace")
    return f"filename=\"{_SAFE.sub('_', name)}\"; filename*=UTF-8''{spelled}"
