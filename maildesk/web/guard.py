"""Response headers that keep a link secret, and an error page for unexpected exceptions."""

import logging

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger("maildesk.web")


POLICY = "Content-Security-Policy"


def headers(style_source: str) -> dict[str, str]:
    """No referrer and no cache, because the address of a page is the right to act."""
    return {
        POLICY: policy(style_source),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-DNS-Prefetch-Control": "off",
        "X-Robots-Tag": "noindex, nofollow",
    }


def policy(style_source: str, *, frames: bool = False) -> str:
    """A policy without scripts and remote content, because the pages show text of strangers.

    `frames` allows a frame with a page of this server.
    """
    return (
        f"default-src 'none'; style-src {style_source}; img-src 'self'; "
        + ("frame-src 'self'; " if frames else "")
        + "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


def frame_policy(style_source: str) -> str:
    """A policy for HTML of strangers: no script, no form, only pictures that we serve.

    The frame has an opaque origin; links in it open in a new window.
    """
    return (
        f"default-src 'none'; style-src-elem {style_source}; style-src-attr 'unsafe-inline'; "
        "img-src 'self'; form-action 'none'; frame-ancestors 'self'; base-uri 'none'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    )


class Guard:
    """ASGI middleware that adds the headers. `broken` is the page sent after an exception.

    A header that the response has already set is kept.
    """

    def __init__(self, app: ASGIApp, headers: dict[str, str], broken: str) -> None:
        self._app = app
        self._headers = headers
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a response even if the application raises."""
        begun = False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                sent = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    sent.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, with_headers)
        except Exception:
            # Never log the path: it holds the token.
            _log.exception("a page could not be made (%s)", scope.get("method"))
            if not begun:
                await HTMLResponse(self._broken, 500)(scope, receive, with_headers)
