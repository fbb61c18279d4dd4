"""What we read in a mail, ready to be seen as another project sees it."""

from dataclasses import dataclass

from bench.agreement import spaced
from maildesk.ingest.mime import charset
from maildesk.ingest.mime.body import attached
from maildesk.ingest.mime.mail_parser import Parsed, cut, parse_whole
from maildesk.model.mail import Mail

_NESTING = 5


@dataclass(frozen=True, slots=True)
class Mine:
    """One attachment of ours, and the mail it is in."""

    parsed: Parsed
    index: int

    @property
    def name(self) -> str:
        """The safe name."""
        return self.parsed.mail.attachments[self.index].name

    @property
    def type(self) -> str:
        """The declared type."""
        return self.parsed.mail.attachments[self.index].type

    @property
    def size(self) -> int:
        """Of the decoded bytes."""
        return self.parsed.mail.attachments[self.index].size

    @property
    def sha256(self) -> str:
        """Of the decoded bytes."""
        return self.parsed.mail.attachments[self.index].sha256

    def data(self) -> bytes:
        """The decoded bytes."""
        return b"".join(cut(self.parsed.raw, self.index)[1])

    def text(self) -> str:
        """The decoded bytes as text, by the charset of the part."""
        part = list(attached(self.parsed.raw, self.parsed.root))[self.index].part
        return spaced(charset.decode(self.data(), part.params.get("charset")))


@dataclass(frozen=True, slots=True)
class Ours:
    """A mail as we read it: its text and files may be put together another way."""

    mail: Mail
    text: str
    files: tuple[Mine, ...]


def ours_of(raw: bytes) -> Ours:
    """Read a mail."""
    parsed = parse_whole(raw)
    files = tuple(Mine(parsed, index) for index in range(len(parsed.mail.attachments)))
    return Ours(parsed.mail, parsed.mail.text, files)


def opened(ours: Ours, depth: int = 0) -> Ours:
    """The same with the text and the files of attached mails behind them."""
    text, files = ours.text, []
    for one in ours.files:
        files.append(one)
        if one.type == "message/rfc822" and depth < _NESTING:
            inner = opened(ours_of(one.data()), depth + 1)
            text += "\n" + inner.text
            files += inner.files
    return Ours(ours.mail, text, tuple(files))
