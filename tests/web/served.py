"""The pages of a fake link service, called directly or on a server on loopback."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from starlette.types import ASGIApp

from maildesk.config.schema.settings import Desk, Web
from maildesk.model.service import WakeSignal
from maildesk.web.app import create_app
from maildesk.web.links.link_pages import Health
from maildesk.web.server import WebService
from tests.web.link_pages_fake import LinkPagesFake

DESK = Desk(name="Northwind Service Desk", address="desk@northwind.example")
HEALTHY = Health((("web", True, "listening"), ("deliver", True, "idle")))


def application(link_pages: LinkPagesFake, health: Health = HEALTHY) -> ASGIApp:
    """The pages with a desk that is not real."""
    return create_app(link_pages, DESK, lambda: health)


class Visitor:
    """Asks the application without a server between. Follows no redirect, knows many threads."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def request(self, method: str, path: str, **form: Any) -> httpx.Response:
        return asyncio.run(self._request(method, path, **form))

    def get(self, path: str, **form: Any) -> httpx.Response:
        return self.request("GET", path, **form)

    def head(self, path: str) -> httpx.Response:
        return self.request("HEAD", path)

    def post(self, path: str, **form: Any) -> httpx.Response:
        return self.request("POST", path, **form)

    async def _request(self, method: str, path: str, **form: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return await client.request(method, path, **form)


@contextmanager
def served(app: ASGIApp) -> Iterator[WebService]:
    """A running room; stopped and joined at the end."""
    service, wake_signal = WebService(app, Web(port=0)), WakeSignal()
    thread = threading.Thread(target=service.run, args=(wake_signal,), daemon=True)
    thread.start()
    try:
        assert service.started.wait(10), "the web room did not start"
        yield service
    finally:
        wake_signal.stop()
        thread.join(10)
        assert not thread.is_alive(), "the web room did not stop"
