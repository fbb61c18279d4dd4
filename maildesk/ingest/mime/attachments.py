"""The attachments of a mail: parts, and the files inside a winmail.dat. Their bytes are
decoded only when somebody asks for them."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from maildesk.ingest.mime import fields, file_types, tnef, transfer_encoding
from maildesk.ingest.mime.data_pictures import DataPicture
from maildesk.ingest.mime.file_names import default_name, safe_name
from maildesk.ingest.mime.raw_bytes import Raw
from maildesk.ingest.mime.structure import Part
from maildesk.model.mail import Attachment

DECODED_BYTES = 80_000_000
WINMAIL_BYTES = 40_000_000
_PIECE = 1_048_576
_WINMAIL = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})


@dataclass(frozen=True, slots=True)
class Kept:
    """One attachment: a part, or one file of those packed into a part (then `data` holds all)."""

    part: Part
    file: tnef.File | None = None
    data: bytes = b""

    @property
    def type(self) -> str:
        """The media type that the mail says it has."""
        if self.file is None:
            return self.part.type
        return self.file.type or "application/octet-stream"

    @property
    def content_id(self) -> str:
        """Content-ID without its angle brackets, "" where there is none."""
        return self.part.content_id if self.file is None else self.file.content_id


def kept(raw: Raw, part: Part) -> tuple[tuple[Kept, ...], tnef.Packed | None]:
    """The attachments that a part makes, and the mail in it where it is a winmail.dat.

    A winmail.dat that cannot be read is kept as it came.
    """
    packed, data = _packed(raw, part)
    if packed is None or (packed.empty and not packed.whole):
        return (Kept(part),), packed
    return tuple(Kept(part, file, data) for file in packed.files), packed


def picture(part: Part, found: DataPicture) -> Kept:
    """A picture that was written into the HTML of a part."""
    name = f"picture-{found.content_id.partition('@')[0].rpartition('-')[2]}"
    ending = found.type.rpartition("/")[2].replace("jpeg", "jpg")
    file = tnef.File(f"{name}.{ending}", found.type, found.content_id, 0, len(found.data))
    return Kept(part, file, found.data)


def is_winmail(part: Part) -> bool:
    """Whether a part is the winmail.dat of Outlook (MS-OXTNEF)."""
    name = part.disposition_params.get("filename") or part.params.get("name") or ""
    return part.type in _WINMAIL or name.lower() == "winmail.dat"


def _packed(raw: Raw, part: Part) -> tuple[tnef.Packed | None, bytes]:
    if not is_winmail(part) or part.end - part.body > WINMAIL_BYTES:
        return None, b""
    data, _ = transfer_encoding.whole(raw, part, WINMAIL_BYTES)
    return tnef.unpack(data), data


def read(raw: Raw, all_: Iterable[Kept]) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    """(the attachments with their sizes and hashes, words for what is wrong with them)."""
    found: list[Attachment] = []
    defects: list[str] = []
    left = DECODED_BYTES
    for index, one in enumerate(all_):
        least = one.part.end - one.part.body if one.file is None else one.file.end - one.file.start
        if least > left:
            return tuple(found), (*defects, "decoded-size")
        attachment, differs = described(raw, one, index)
        found.append(attachment)
        left -= attachment.size
        if differs:
            defects.append("type-mismatch")
    return tuple(found), tuple(defects)


def described(raw: Raw, one: Kept, index: int) -> tuple[Attachment, bool]:
    """(the attachment, whether its bytes are of another kind than it says)."""
    digest, size, head = hashlib.sha256(), 0, b""
    for piece in pieces(raw, one):
        head = head or bytes(piece[: file_types.HEAD_BYTES])
        digest.update(piece)
        size += len(piece)
    given = _given_name(raw, one)
    seen, differs = file_types.look(given, one.type, head)
    attachment = Attachment(
        index=index,
        name=given or default_name(one.type, index, seen),
        type=one.type,
        seen=seen,
        size=size,
        inline=_inline(one),
        sha256=digest.hexdigest(),
        content_id=one.content_id,
    )
    return attachment, differs


def pieces(raw: Raw, one: Kept) -> Iterator[bytes]:
    """The decoded bytes, about a megabyte at a time. Never raises."""
    if one.file is None:
        return transfer_encoding.pieces(raw, one.part)
    steps = range(one.file.start, one.file.end, _PIECE)
    return (one.data[at : min(at + _PIECE, one.file.end)] for at in steps)


def _inline(one: Kept) -> bool:
    if one.file is not None:
        return bool(one.file.content_id)
    return one.part.disposition != "attachment" and bool(one.part.content_id)


def _given_name(raw: Raw, one: Kept) -> str:
    """The name it came with, made safe; of a mail without a name its subject; else ""."""
    if one.file is not None:
        return safe_name(one.file.name)
    part = one.part
    given = part.disposition_params.get("filename") or part.params.get("name") or ""
    if not given and part.type == "message/rfc822":
        subject = fields.head(raw, part.body, part.end).first("subject")
        given = fields.text_of(subject).replace("/", "_") + ".eml" if subject else ""
    return safe_name(given)


def attached(raw: Raw, parts: Iterable[Part]) -> Iterator[Kept]:
    """What these parts make, in the order of `Attachment.index`."""
    return chain.from_iterable(kept(raw, part)[0] for part in parts)
