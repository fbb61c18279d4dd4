"""Which mails to fetch together, and whether what came back is the mail. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FIRST_RETRY = timedelta(seconds=2)
LONGEST_RETRY = timedelta(hours=1)

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)", re.I)
_INTERNALDATE = re.compile(
    rb'"([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"'
)
_MONTHS = tuple(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())
_EXCHANGE_SUBSTITUTE = b"subject: retrieval using the imap4 protocol failed"


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """A mail as the server lists it.

    `size` in bytes is RFC822.SIZE, which some servers only estimate. `arrived` (UTC) is
    INTERNALDATE: when the server got the mail, which no sender can choose.
    """

    uid: int
    size: int
    arrived: datetime | None = None


@dataclass(frozen=True, slots=True)
class FailedFetch:
    """A mail the server did not give us, and when we ask again."""

    uid: int
    reason: str
    tries: int
    retry_at: datetime
    length: int | None = None


def listed_in(line: bytes) -> Listed | None:
    """Read one FETCH response with UID and RFC822.SIZE (RFC 9051 §7.5.2), in any order.

    None for a line without them, such as news of another client's flags.
    """
    uid, size = _UID.search(line), _SIZE.search(line)
    if uid is None or size is None:
        return None
    return Listed(int(uid[1]), int(size[1]), _moment(_INTERNALDATE.search(line)))


def _moment(said: re.Match[bytes] | None) -> datetime | None:
    if said is None or said[2].title() not in _MONTHS:
        return None
    year, hour, minute, second = (int(said[part]) for part in (3, 4, 5, 6))
    east = timedelta(hours=int(said[8]), minutes=int(said[9]))
    try:
        local = datetime(
            year, _MONTHS.index(said[2].title()) + 1, int(said[1]), hour, minute, second
        )
        return (local - (east if said[7] == b"+" else -east)).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def batches(mails: Iterable[Listed], most_bytes: int, most_mails: int) -> Iterator[list[Listed]]:
    """Cut into batches of at most `most_mails` and `most_bytes`; a larger mail goes alone."""
    batch: list[Listed] = []
    total = 0
    for mail in mails:
        if batch and (len(batch) == most_mails or total + mail.size > most_bytes):
            yield batch
            batch, total = [], 0
        batch.append(mail)
        total += mail.size
    if batch:
        yield batch


def windows(low: int, high: int, width: int) -> Iterator[tuple[int, int]]:
    """Cut the UIDs `low` to `high` into ranges of `width`, both ends included."""
    while low <= high:
        yield low, min(low + width - 1, high)
        low += width


def runs_of(uids: Sequence[int], most: int) -> Iterator[list[int]]:
    """Cut into lists of at most `most`, so that no command line grows too long for a server."""
    return (list(uids[start : start + most]) for start in range(0, len(uids), most))


def uid_set(uids: Sequence[int]) -> list[str]:
    """The UIDs, ascending, as the shortest sequence set (RFC 9051 §9): 1:3,7."""
    runs: list[tuple[int, int]] = []
    for uid in uids:
        if runs and runs[-1][1] == uid - 1:
            runs[-1] = (runs[-1][0], uid)
        else:
            runs.append((uid, uid))
    return [str(first) if first == last else f"{first}:{last}" for first, last in runs]


def fault_of(body: bytes | None, size: int, before: FailedFetch | None) -> str | None:
    """Why these bytes are not the mail, or None where they are.

    Exchange answers with nothing or with a substitute message when it cannot convert a mail.
    Fewer bytes than the listed size are believed when a second fetch gives as many: some
    servers only estimate the size.
    """
    if body is None:
        return "the server sent no data"
    if not body or body.isspace():
        return "the server sent an empty mail"
    if _is_exchange_substitute(body):
        return "Exchange sent a substitute: it cannot convert the mail"
    if len(body) < size and (before is None or before.length != len(body)):
        return f"the server sent {len(body)} of {size} bytes"
    return None


def _is_exchange_substitute(body: bytes) -> bool:
    head = body[:8192].replace(b"\r\n", b"\n").partition(b"\n\n")[0].lower()
    return head.startswith(_EXCHANGE_SUBSTITUTE) or b"\n" + _EXCHANGE_SUBSTITUTE in head


def failed(
    uid: int, reason: str, length: int | None, before: FailedFetch | None, now: datetime
) -> FailedFetch:
    """Note the failed fetch; the wait doubles from two seconds up to an hour."""
    tries = before.tries + 1 if before else 1
    # The exponent is bounded so that a mail that fails for years cannot overflow the wait.
    wait = min(FIRST_RETRY * 2 ** min(tries - 1, 20), LONGEST_RETRY)
    return FailedFetch(uid, reason, tries, now + wait, length)
