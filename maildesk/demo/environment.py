"""Everything of the demo that runs: mail servers, daemon, mail programs. Pages come on top."""

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
    """A running desk in a folder of its own. A context manager: left, everything is stopped."""

    folder: Path
    runtime: PostOffice
    config: Config
    daemon: Daemon
    store: Store
    programs: dict[str, MailProgram] = field(default_factory=dict)

    @classmethod
    def build(cls, folder: Path) -> "DemoEnvironment":
        """Write the installation and start the mail servers; the desk does not work yet."""
        runtime = PostOffice().start()
        config = write_installation(folder, runtime)
        programs = {persona.user: MailProgram(persona, runtime) for persona in PERSONAS}
        return cls(
            folder, runtime, config, Daemon(config), open_store(config.settings.database), programs
        )

    def __enter__(self) -> Self:
        """Start the daemon: from now on mails are answered."""
        self.daemon.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.daemon.stop()
        for program in self.programs.values():
            program.close()
        self.store.close()
        self.runtime.stop()

    def wait_until(self, at: datetime) -> None:
        """Stop the desk, and start it as if it were that time: nobody sits out a weekend."""
        self.daemon.stop()
        ahead = at - utc_now()
        self.daemon = Daemon(self.config, clock=lambda: utc_now() + ahead)
        self.daemon.start()

    def program(self, persona: Persona) -> MailProgram:
        """The persona's mail program."""
        return self.programs[persona.user]


def log_to(folder: Path, on_screen: bool) -> TextIO:
    """What the desk logs goes into a file of the folder, or onto stderr as well on request."""
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
