"""Around every answer: the headers that keep a link secret, and calm where something broke."""

import logging

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger("maildesk.web")


def headers(style_source: str) -> dict[str, str]:
    """No referrer and no cache: the address of a page is the right to act.

    No script, no frame and nothing from elsewhere: the page shows strangers' text.
    """
    policy = (
        f"default-src 'none'; style-src {style_source}; img-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
    }


class Guard:
    """ASGI middleware. `broken` is the page that stands in for one that could not be made."""

    def __init__(self, app: ASGIApp, headers: dict[str, str], broken: str) -> None:
        self._app = app
        self._headers = headers
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, whatever happens inside."""
        begun = False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        try:
            await self._app(scope, receive, with_headers)
        except Exception:
            # Never the path: it holds the token.
            _log.exception("a page could not be made (%s)", scope.get("method"))
            if not begun:
                await HTMLResponse(self._broken, 500)(scope, receive, with_headers)
