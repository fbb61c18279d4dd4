"""One connection to an IMAP server: the commands we use, each failure a MailboxTrouble.

Sequence sets hold numbers only, never `*`, and nothing is searched by UNSEEN: another client's
flag must not hide a mail.
"""

import imaplib
import select
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from maildesk.config.schema.settings import Mailbox
from maildesk.ingest.servers.imap.fetch_plan import Listed, listed_in, uid_set, windows
from maildesk.ingest.servers.imap.imap_errors import MailboxTrouble, Refused, place_of, spoken
from maildesk.ingest.servers.imap.login import connected, log_in

DONE_KEYWORD = "$MaildeskDone"
HIGHEST_UID = 2**32 - 1  # RFC 9051 §2.3.1.1
_HEADER_BYTES = 262_144
_GOODBYE_SECONDS = 2.0
# imaplib refuses an answer of more than 1 MB: 50,000 UIDs of ten digits are half of that.
_WINDOW = 50_000


@dataclass(frozen=True, slots=True)
class Selected:
    """What the server says of the folder just selected (RFC 9051 §6.3.2)."""

    uid_validity: int
    mails: int
    uid_next: int | None
    keywords: bool
    read_only: bool


class Session:
    """A logged-in connection. Not for two threads at once; a context manager that hangs up."""

    def __init__(self, settings: Mailbox) -> None:
        """Connect and log in.

        Raises:
            MailboxTrouble: no line, certificate refused, or user and password refused.
        """
        self.settings = settings
        self._client = connected(settings)
        try:
            log_in(self._client, settings)
        except BaseException:
            self._client.shutdown()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            with suppress(imaplib.IMAP4.error, OSError):
                # A stop must not wait for a server that does not even say goodbye.
                self._client.socket().settimeout(_GOODBYE_SECONDS)
                self._client.logout()
                return
        with suppress(imaplib.IMAP4.error, OSError):
            self._client.shutdown()

    def can(self, capability: str) -> bool:
        """Whether the server advertises the capability, such as "MOVE" or "IDLE"."""
        with spoken(self.settings, "CAPABILITY"):
            return bool(self._client.has_capability(capability))

    def folders(self) -> tuple[str, ...]:
        """The names of all folders of the account."""
        with spoken(self.settings, "LIST"):
            return tuple(sorted(str(name) for _, _, name in self._client.list_folders()))

    def create(self, folder: str) -> None:
        """Create the folder on the server."""
        with spoken(self.settings, f"CREATE {folder}"):
            self._client.create_folder(folder)

    def rights(self, folder: str) -> str | None:
        """Our rights in the folder (RFC 4314 §2.1), None where the server keeps no lists."""
        if not self.can("ACL"):
            return None
        with spoken(self.settings, "MYRIGHTS"):
            _, lines = self._client._imap.myrights(self._client._normalise_folder(folder))
        return str(lines[0].split()[-1].decode("ascii", "replace")).strip('"')

    def select(self, folder: str, read_only: bool = False) -> Selected:
        """Open the folder, or open it again to hear of changes.

        Raises:
            Refused: there is no such folder; the text names those that exist.
        """
        try:
            with spoken(self.settings, f"SELECT {folder}"):
                answer = self._client.select_folder(folder, readonly=read_only)
        except Refused as refused:
            raise self._no_such_folder(folder, refused) from refused
        self.told_of_mail()
        flags = answer.get(b"PERMANENTFLAGS", ())
        return Selected(
            uid_validity=answer.get(b"UIDVALIDITY", 0),
            mails=answer.get(b"EXISTS", 0),
            uid_next=answer.get(b"UIDNEXT"),
            keywords=rb"\*" in flags or DONE_KEYWORD.encode() in flags,
            read_only=b"READ-WRITE" not in answer,
        )

    def _no_such_folder(self, folder: str, refused: Refused) -> MailboxTrouble:
        there = self.folders()
        if folder in there or folder.upper() == "INBOX":
            return refused
        return Refused(
            f"{place_of(self.settings)}: no folder {folder!r}; "
            f"there are {', '.join(there[:50])}: check `folders`"
        )

    def uids(self, low: int, high: int) -> list[int]:
        """The UIDs from `low` to `high`, ascending."""
        with spoken(self.settings, "SEARCH"):
            found = self._client.search(["UID", f"{low}:{high}"])
        return sorted(uid for uid in found if low <= uid <= high)

    def windows(self, selected: Selected, low: int) -> Iterator[tuple[int, int]]:
        """Ranges of UIDs from `low` up that `uids` can be asked for one by one."""
        if selected.mails <= _WINDOW:
            return iter([(low, HIGHEST_UID)])
        return windows(low, self._highest(selected), _WINDOW)

    def _highest(self, selected: Selected) -> int:
        """The last mail's UID, asked for by its number where the server tells no UIDNEXT."""
        if selected.uid_next:
            return selected.uid_next - 1
        with spoken(self.settings, "SEARCH"):
            return max(self._client.search([str(selected.mails)]), default=0)

    def listed(self, uids: Sequence[int]) -> list[Listed]:
        """Size and arrival of each mail that is still there, ascending.

        imapclient's reader takes longer for these few words than for the whole mail; they are
        read by `listed_in` instead.
        """
        with spoken(self.settings, "FETCH of sizes"):
            answer, lines = self._client._imap.uid(
                "FETCH", ",".join(uid_set(uids)), "(RFC822.SIZE INTERNALDATE)"
            )
            if answer != "OK":
                raise imaplib.IMAP4.error(str(lines[0]))
        found = [listed_in(line) for line in lines if isinstance(line, bytes)]
        return sorted(mail for mail in found if mail is not None)

    def bodies(self, uids: Sequence[int]) -> dict[int, bytes | None]:
        """The whole mails, unmarked as read; None where the server gave no data.

        Raises:
            Refused: the server gives none of them.
            LineDropped: the line broke; nothing of the answer is used.
        """
        return self._fetch(uids, "BODY.PEEK[]", b"BODY[]")

    def header(self, uid: int) -> bytes | None:
        """The header block of one mail, its first 256 kB. Raises as `bodies` does."""
        item = f"BODY.PEEK[HEADER]<0.{_HEADER_BYTES}>"
        return self._fetch([uid], item, b"BODY[HEADER]<0>")[uid]

    def _fetch(self, uids: Sequence[int], item: str, key: bytes) -> dict[int, bytes | None]:
        with spoken(self.settings, "FETCH"):
            answer = self._client.fetch(uids, [item])
        bodies = {uid: answer.get(uid, {}).get(key) for uid in uids}
        return {uid: body if isinstance(body, bytes) else None for uid, body in bodies.items()}

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move the mails in one command (RFC 6851); those already gone are passed over."""
        with spoken(self.settings, f"MOVE to {folder}"):
            self._client.move(uid_set(uids), folder)

    def copy(self, uids: Sequence[int], folder: str) -> None:
        """Copy the mails in one command."""
        with spoken(self.settings, f"COPY to {folder}"):
            self._client.copy(uid_set(uids), folder)

    def flag(self, uids: Sequence[int], flag: str) -> None:
        """Set one flag or keyword on all of them."""
        with spoken(self.settings, f"STORE {flag}"):
            self._client.add_flags(uid_set(uids), [flag], silent=True)

    def expunge(self, uids: Sequence[int]) -> None:
        """Remove those of the mails that are \\Deleted and no others (UIDPLUS, RFC 4315 §2.1)."""
        with spoken(self.settings, "EXPUNGE"):
            self._client.uid_expunge(uid_set(uids))

    def told_of_mail(self) -> bool:
        """Whether the server announced mail (EXISTS) since we last asked here."""
        _, counts = self._client._imap.response("EXISTS")
        return bool(counts != [None])

    def idle(self, seconds: float, disturbed: Callable[[], bool], tick: float) -> None:
        """IDLE (RFC 2177) until mail is announced, `disturbed`, or `seconds` are over.

        `disturbed` is asked every `tick` seconds.
        """
        with spoken(self.settings, "IDLE"):
            if self._begin_idle():
                self._listen(time.monotonic() + seconds, disturbed, tick)
            self._client.idle_done()

    def _begin_idle(self) -> bool:
        """Whether the server is quiet: some announce mail before they confirm IDLE, which
        imapclient takes for an error, so we wait for the confirmation ourselves."""
        try:
            self._client.idle()
            return True
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            if self._client._imap.tagged_commands.get(self._client._idle_tag):
                raise
            while self._client._imap._get_response() is not None:
                pass
            return False

    def _listen(self, until: float, disturbed: Callable[[], bool], tick: float) -> None:
        """Until the server says anything at all or hangs up; `idle_done` then reads it whole.

        Nothing is taken from the line here: a word may come in two packets, and imapclient's
        own check drops the connection on half of one.
        """
        line = self._client.socket()
        while (left := until - time.monotonic()) > 0 and not disturbed():
            if self._has_unread() or select.select([line], [], [], min(tick, left))[0]:
                return

    def _has_unread(self) -> bool:
        """Whether words of the server wait in our own buffers (TLS, imaplib)."""
        line = self._client.socket()
        patience = line.gettimeout()
        line.settimeout(0)
        try:
            return bool(self._client._imap.file.peek(1))
        except ssl.SSLWantReadError:
            return False
        finally:
            line.settimeout(patience)
