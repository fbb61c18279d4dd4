"""Polls for a result that arrives over the network, up to a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

from maildesk.demo.mail_program import MailProgram
from maildesk.demo.mailbox_mail import Letter

DEADLINE = 10.0
_PAUSE = 0.05

T = TypeVar("T")


class NotInTime(Exception):
    """The result did not arrive in time."""


def wait_for(look: Callable[[], T | None], what: str, seconds: float = DEADLINE) -> T:
    """Poll `look` until it returns a result. Raises NotInTime."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > until:
            raise NotInTime(f"{what} within {seconds:.0f} s")
        time.sleep(_PAUSE)


def new_letter(
    program: MailProgram,
    *,
    subject: str = "",
    says: str = "",
    seconds: float = DEADLINE,
    keep_unread: bool = False,
) -> Letter:
    """Wait for the newest unread mail with `subject` and the text `says`, and mark it as read.

    Raises NotInTime with the subjects of the other unread mails.
    """

    def look() -> Letter | None:
        for letter in program.letters():
            said = " ".join(letter.text.split())  # a line may end within the words
            if not letter.seen and subject in letter.subject and says in said:
                return letter if keep_unread else program.open(letter.folder, letter.uid)
        return None

    wanted = f"a mail to {program.persona.name} about “{subject}” that contains “{says}”"
    try:
        return wait_for(look, wanted, seconds)
    except NotInTime as late:
        there = "; ".join(one.subject for one in program.letters() if not one.seen)
        raise NotInTime(f"{late}; unread mails: {there or 'nothing'}") from None
