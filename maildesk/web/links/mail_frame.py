"""The whole mail behind a message, its HTML in a frame, and its attachments.

All of it comes from strangers. The HTML is a separate page in a sandbox without scripts. A browser
shows only four picture types inline, detected from their bytes; everything else is downloaded.
"""

import re
from collections.abc import Callable
from urllib.parse import quote

from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.responses import Response

from maildesk.model.links.page import Enclosure, Problem
from maildesk.web import guard
from maildesk.web.links.link_pages import LinkPages
from maildesk.web.links.render import PageRenderer

_SAFE = re.compile(r"[^A-Za-z0-9._ -]")
_INDEX = re.compile(r"-?[0-9]{1,4}")
_SANDBOX = "default-src 'none'; sandbox"


class Mails:
    """The mails behind a link. `problem` makes the error page."""

    def __init__(
        self, link_pages: LinkPages, renderer: PageRenderer, problem: Callable[[Problem], Response]
    ) -> None:
        self._link_pages = link_pages
        self._renderer = renderer
        self._problem = problem

    def whole(self, token: str, message: str) -> Response:
        """The mail with everything that it quotes."""
        mail = self._link_pages.mail(token, message)
        if isinstance(mail, Problem):
            return self._problem(mail)
        policy = guard.policy(self._renderer.style_source, frames=True)
        return HTMLResponse(self._renderer.mail(mail, token), headers={guard.POLICY: policy})

    def formatted(self, token: str, message: str) -> Response:
        """The HTML of the mail, for the frame of that page."""
        mail = self._link_pages.mail(token, message)
        if isinstance(mail, Problem) or mail.html is None:
            return self._problem(mail if isinstance(mail, Problem) else Problem.UNKNOWN)
        policy = guard.frame_policy(self._renderer.frame_style_source)
        return HTMLResponse(self._renderer.frame(mail.html), headers={guard.POLICY: policy})

    def picture(self, token: str, message: str, index: str) -> Response:
        """A picture of the mail, shown inline; anything that is not a picture is downloaded."""
        found = self._enclosure(token, message, index)
        if isinstance(found, Problem):
            return self._problem(found)
        return _download(found, "inline" if found.is_picture else "attachment")

    def file(self, token: str, message: str, index: str) -> Response:
        """An attachment as a download."""
        found = self._enclosure(token, message, index)
        if isinstance(found, Problem):
            return self._problem(found)
        return _download(found, "attachment")

    def _enclosure(self, token: str, message: str, index: str) -> Enclosure | Problem:
        if not _INDEX.fullmatch(index):
            return Problem.UNKNOWN
        return self._link_pages.enclosure(token, message, int(index))


def _download(found: Enclosure, disposition: str) -> Response:
    headers = {
        guard.POLICY: _SANDBOX,
        "Content-Disposition": f"{disposition}; {_file_name_parameters(found.name)}",
        "Content-Length": str(found.size),
        "Content-Type": found.type,
    }
    return StreamingResponse(found.pieces, headers=headers)


def _file_name_parameters(name: str) -> str:
    """The file name for Content-Disposition, in ASCII and in full (RFC 6266 §4.3, RFC 8187)."""
    spelled = quote(name, safe="", errors="replace")
    return f"filename=\"{_SAFE.sub('_', name)}\"; filename*=UTF-8''{spelled}"
