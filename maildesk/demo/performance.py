"""Runs the demo from the empty folder to the end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import structlog
from rich.console import Console

from maildesk.config.schema.settings import Web
from maildesk.daemon.supervision import SupervisedService, stop
from maildesk.demo.environment import DemoEnvironment, log_to
from maildesk.demo.mailbox_pages import create_app
from maildesk.demo.servers import HOST
from maildesk.demo.story.cast import PASSWORD, PERSONAS
from maildesk.demo.story.polling import NotInTime, wait_for
from maildesk.demo.story.seed import first_tickets
from maildesk.demo.story.story import tell_story
from maildesk.model.service import WakeSignal
from maildesk.web.server import WebService

log = structlog.get_logger()

_STOP_SECONDS = 5.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class NotServed(Exception):
    """The web page cannot be served. The text is one line."""


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """The folder of the demo; a temporary folder is removed afterwards."""
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted.absolute()
        return
    with TemporaryDirectory(prefix="maildesk-demo-", ignore_cleanup_errors=True) as temporary:
        yield Path(temporary)


@contextmanager
def served(house: DemoEnvironment, port: int = 0) -> Iterator[str]:
    """Serve the demo pages and yield their address. Raises NotServed."""
    room = WebService(create_app(house), Web(host=HOST, port=port))
    watched = SupervisedService(room, WakeSignal())
    watched.start()
    try:
        wait_for(lambda: room.started.is_set() or watched.trouble or None, "the page of the demo")
        if not room.started.is_set():
            raise NotServed(
                f"port {port} of {HOST} is in use; choose another with --port, or omit it"
            )
        yield f"http://{HOST}:{room.port}/"
    finally:
        stop([watched], _STOP_SECONDS)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """The first signal ends the run; later signals must not interrupt the clean-up."""
    for name in _SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    raise KeyboardInterrupt


def _heed_signals() -> None:
    """Handle signals also in the background, where a shell ignores SIGINT."""
    for name in _SIGNALS:
        signal.signal(name, _interrupt)


def tell(wanted: Path | None, *, debug: bool = False) -> bool:
    """Play the story automatically. Returns whether every step succeeded."""
    _heed_signals()
    with _folder(wanted) as folder:
        log_to(folder, debug)
        with DemoEnvironment.build(folder) as house:
            return tell_story(house)


def play(wanted: Path | None, port: int, *, debug: bool = False) -> None:
    """Run until SIGINT or SIGTERM. Raises NotServed if the port is in use."""
    _heed_signals()
    with _folder(wanted) as folder:
        log_to(folder, debug)
        with DemoEnvironment.build(folder) as house, served(house, port) as address:
            try:
                _fill(house)
                _invite(house, address)
                threading.Event().wait()
            except KeyboardInterrupt:
                Console(stderr=True, highlight=False).print("stopping …")


def _fill(house: DemoEnvironment) -> None:
    """Create the first tickets; the demo also works without them."""
    try:
        first_tickets(house)
    except NotInTime as late:
        log.warning("first tickets", why=str(late))


def _invite(house: DemoEnvironment, address: str) -> None:
    """Print the address and what to try. The address is on the first line for use in a pipe."""
    runtime, names = house.runtime, ", ".join(one.user for one in PERSONAS)
    lines = (
        f"The helpdesk is running. Open {address}",
        "",
        "  1  As Rita, write to the desk: “New laptop please”.",
        "  2  As Max, open the mail that asks for approval and press Approve.",
        "  3  As Ann, reply; then reply again with “#resolve It is on your desk.”",
        "  4  As Rita, accept or reject.",
        "",
        f"With a mail program: IMAP {HOST} port {runtime.imap_port}, SMTP {HOST} port "
        f"{runtime.smtp_port}, no TLS; user {names}; password {PASSWORD}.",
        f"List the tickets: maildesk --config {house.folder / 'maildesk.toml'} ticket list",
        "Play the story automatically: maildesk demo --story. Stop with Ctrl-C.",
    )
    print("\n".join(lines), flush=True)
