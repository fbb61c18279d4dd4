"""`maildesk run`: starts and stops the services, timers and signal handlers of one process."""

import ctypes
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from random import Random
from types import FrameType

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from maildesk.config.load import Config
from maildesk.config.schema.settings import Database, Settings
from maildesk.daemon.supervision import SupervisedService, stop
from maildesk.ingest.reading.pool import ReadingPool
from maildesk.ingest.servers.dns_resolver import DnsResolver
from maildesk.ingest.servers.imap.poller import MailboxService
from maildesk.ingest.servers.smtp.listener import ListenerService
from maildesk.model.service import Service
from maildesk.outgoing.delivery.delivery_service import DeliveryService
from maildesk.outgoing.queue_port import Leased
from maildesk.outgoing.templating import mail_templates
from maildesk.outgoing.verp import verp
from maildesk.processing.desk import Desk
from maildesk.processing.links.link_service import LinkService
from maildesk.processing.mail.sender_checks import SenderChecks
from maildesk.processing.runtime import Runtime, open_runtime, utc_now
from maildesk.processing.services import ClockService, WorkService
from maildesk.processing.worker import Worker
from maildesk.processing.writing.outgoing_files import with_files
from maildesk.store import migrate
from maildesk.store.engine import Store, open_store
from maildesk.store.outgoing_rows import OutgoingQueue
from maildesk.web.app import create_app
from maildesk.web.events import Events
from maildesk.web.links.link_pages import Health
from maildesk.web.server import WebService

log = structlog.get_logger()

KINDS = ("imap", "smtp", "work", "deliver", "clock", "web")
STOP_SECONDS = 9.0  # the documented limit is ten seconds
_M_MMAP_THRESHOLD, _LARGE_BYTES = -3, 1 << 20  # mallopt(3)
POLL_SECONDS = {"work": 2.0, "clock": 30.0}  # mailboxes and delivery time their own polls


def open_readers(settings: Settings) -> ReadingPool:
    """The pool of processes that parse mail; none of them is started yet."""
    limits = settings.limits
    return ReadingPool(
        limits.readers,
        wall_seconds=limits.read_seconds,
        memory_bytes=limits.read_megabytes << 20,
        own_domains=(settings.desk.domain,),
    )


@dataclass(slots=True)
class Daemon:
    """The services of one process. `only` names the kinds to run; empty means all."""

    config: Config
    only: frozenset[str] = frozenset()
    clock: Callable[[], datetime] = utc_now
    open_store: Callable[[Database], Store] = open_store
    open_readers: Callable[[Settings], ReadingPool] = open_readers
    _watched: list[SupervisedService] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _scheduler: BackgroundScheduler = field(
        default_factory=lambda: BackgroundScheduler(timezone="UTC")
    )
    _closers: list[Callable[[], None]] = field(default_factory=list)

    def run(self) -> None:
        """Run until SIGTERM or SIGINT, then stop within ten seconds."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._on_signal)
        self.start()
        try:
            self._stop.wait()
            log.info("stopping")
        finally:
            self.stop()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def start(self) -> None:
        """Open the database and start every service. Raises SQLAlchemy's errors of the database."""
        give_back_large_buffers()
        mail_templates.prepare()
        store = self.open_store(self.config.settings.database)
        migrate.upgrade(store)
        runtime = open_runtime(self.config.settings, self.config.policy, store, clock=self.clock)
        self._closers = [store.close]
        services = [service for service in self._services(runtime) if self._is_wanted(service.name)]
        self._watched = [SupervisedService(service) for service in services]
        for one in self._watched:
            one.start()
        self._set_timers()
        log.info("started", services=[service.name for service in services])

    def stop(self) -> None:
        """Stop every service, then close what the services share."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        late = stop(self._watched, STOP_SECONDS)
        if late:
            log.warning("did not stop in time", services=late)
        for close in self._closers:
            close()
        log.info("stopped")

    def health(self) -> Health:
        """Every service and whether it works."""
        return Health(tuple((one.service.name, one.ok, one.detail) for one in self._watched))

    def service(self, name: str) -> Service:
        """A running service by its name. Raises StopIteration if it does not run."""
        return next(one.service for one in self._watched if one.service.name == name)

    def _is_wanted(self, name: str) -> bool:
        kind = "smtp" if name.startswith(("smtp:", "lmtp:")) else name.partition(":")[0]
        return not self.only or kind in self.only

    def _waker(self, name: str) -> Callable[[], None]:
        """A function that wakes the service of that name."""

        def wake() -> None:
            for one in self._watched:
                if one.service.name == name:
                    one.wake_signal.wake()

        return wake

    def _set_timers(self) -> None:
        for kind, seconds in POLL_SECONDS.items():
            self._scheduler.add_job(
                self._waker(kind), "interval", seconds=seconds, coalesce=True, max_instances=1
            )
        self._scheduler.start()

    def _services(self, runtime: Runtime) -> Iterable[Service]:
        desk = Desk(runtime)
        yield from self._mailboxes(desk)
        yield from self._listeners(desk)
        yield self._work_service(runtime)
        yield self._delivery_service(runtime, desk)
        yield ClockService(desk, on_struck=self._waker("deliver"))
        if self.config.settings.web.enabled:
            link_service = LinkService(runtime, on_acted=self._waker("deliver"))
            app = create_app(
                link_service, runtime.settings.desk, self.health, self._events(runtime, desk)
            )
            yield WebService(app, runtime.settings.web)

    def _events(self, runtime: Runtime, desk: Desk) -> Events | None:
        key = runtime.settings.web.events_key
        if key is None:
            return None
        return Events(
            secret=key.value.get_secret_value().encode(),
            systems={one.name: one.address for one in runtime.policy.monitoring.source},
            keep=desk.keep,
            on_kept=self._waker("work"),
            clock=runtime.clock,
        )

    def _mailboxes(self, desk: Desk) -> Iterable[Service]:
        for mailbox in self.config.settings.mailbox:
            for folder in mailbox.folders:
                yield MailboxService(
                    mailbox,
                    folder,
                    max_mail_bytes=self.config.settings.desk.max_mail_bytes,
                    journal=desk,
                    on_kept=self._waker("work"),
                )

    def _listeners(self, desk: Desk) -> Iterable[Service]:
        desk_settings = self.config.settings.desk
        for listener in self.config.settings.listener:
            yield ListenerService(
                listener,
                max_mail_bytes=desk_settings.max_mail_bytes,
                journal=desk,
                accepts=desk_settings.receives,
                on_kept=self._waker("work"),
                hostname=desk_settings.domain,
            )

    def _work_service(self, runtime: Runtime) -> Service:
        pool = self.open_readers(runtime.settings)
        self._closers.insert(0, pool.close)
        resolver = DnsResolver()

        def open_worker() -> Worker:
            return Worker(runtime, pool, SenderChecks(runtime.settings, resolver))

        return WorkService(open_worker, on_worked=self._waker("deliver"))

    def _delivery_service(self, runtime: Runtime, desk: Desk) -> Service:
        queue = OutgoingQueue(
            runtime.store,
            runtime.holder,
            runtime.clock,
            return_path=lambda id_: verp(runtime.settings.desk, id_, runtime.keys),
            evidence_seconds=runtime.settings.smtp.evidence_seconds,
        )
        return DeliveryService(
            runtime.settings.smtp,
            queue,
            runtime.clock,
            Random(),
            desk.report_failures,
            partial(_whole_mail, runtime.store),
        )


def _whole_mail(store: Store, mail: Leased) -> bytes:
    with store.read() as connection:
        return with_files(connection, mail.raw, mail.files)


def give_back_large_buffers() -> None:
    """With glibc, return the memory of a large mail to the system at once.

    By default glibc raises its mmap threshold to the largest buffer freed and keeps twice as much:
    one mail of 25 MB then costs 100 MB instead of 50.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def log_to_stdout() -> None:
    """Log to stdout: one JSON object per line, or coloured text on a terminal."""
    terminal = sys.stdout.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )
