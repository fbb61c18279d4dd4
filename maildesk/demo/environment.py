"""Starts the mail servers, the daemon and the mail programs of the demo."""

import logging
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self, TextIO

import structlog

from maildesk.config.load import Config
from maildesk.daemon.run import Daemon
from maildesk.demo.installation import write_installation
from maildesk.demo.mail_program import MailProgram
from maildesk.demo.servers import PostOffice
from maildesk.demo.story.cast import PERSONAS, Persona
from maildesk.processing.runtime import utc_now
from maildesk.store.engine import Store, open_store

LOG_FILE = "demo.log"


@dataclass(slots=True)
class DemoEnvironment:
    """A running helpdesk in its own folder. A context manager that stops everything on exit."""

    folder: Path
    runtime: PostOffice
    config: Config
    daemon: Daemon
    store: Store
    programs: dict[str, MailProgram] = field(default_factory=dict)

    @classmethod
    def build(cls, folder: Path) -> "DemoEnvironment":
        """Write the installation and start the mail servers, but not the daemon."""
        runtime = PostOffice().start()
        config = write_installation(folder, runtime)
        programs = {persona.user: MailProgram(persona, runtime) for persona in PERSONAS}
        return cls(
            folder, runtime, config, Daemon(config), open_store(config.settings.database), programs
        )

    def __enter__(self) -> Self:
        """Start the daemon, which then answers mail."""
        self.daemon.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.daemon.stop()
        for program in self.programs.values():
            program.close()
        self.store.close()
        self.runtime.stop()

    def wait_until(self, at: datetime) -> None:
        """Restart the daemon with its clock set to that time, to skip the wait for it."""
        self.daemon.stop()
        ahead = at - utc_now()
        self.daemon = Daemon(self.config, clock=lambda: utc_now() + ahead)
        self.daemon.start()

    def program(self, persona: Persona) -> MailProgram:
        """The mail program of the person."""
        return self.programs[persona.user]


def log_to(folder: Path, on_screen: bool) -> TextIO:
    """Log to a file in the folder, or to stderr if `on_screen`."""
    stream = sys.stderr if on_screen else (folder / LOG_FILE).open("a", encoding="utf-8")
    logging.basicConfig(stream=stream, level=logging.WARNING, force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(stream),
    )
    return stream
