"""Waiting for what comes over a network: asked again and again, up to a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

from maildesk.demo.mail_program import MailProgram
from maildesk.demo.mailbox_mail import Letter

DEADLINE = 10.0
_PAUSE = 0.05

T = TypeVar("T")


class NotInTime(Exception):
    """What was waited for did not come."""


def wait_for(look: Callable[[], T | None], what: str, seconds: float = DEADLINE) -> T:
    """What `look` finds as soon as it finds something. Raises NotInTime."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > until:
            raise NotInTime(f"{what}, within {seconds:.0f} s")
        time.sleep(_PAUSE)


def new_letter(
    program: MailProgram,
    *,
    subject: str = "",
    says: str = "",
    seconds: float = DEADLINE,
    keep_unread: bool = False,
) -> Letter:
    """The newest unread mail about `subject` whose text says `says`; read from now on.

    Raises NotInTime, naming what is there instead.
    """

    def look() -> Letter | None:
        for letter in program.letters():
            if not letter.seen and subject in letter.subject and says in letter.text:
                return letter if keep_unread else program.open(letter.folder, letter.uid)
        return None

    wanted = f"a mail to {program.persona.name} about “{subject}” that says “{says}”"
    try:
        return wait_for(look, wanted, seconds)
    except NotInTime as late:
        there = "; ".join(one.subject for one in program.letters() if not one.seen)
        raise NotInTime(f"{late}; unread instead: {there or 'nothing'}") from None
