"""Which files of a person's mail travel in the mail that carries its words on. Pure.

Every file is named in the mail. Small ones are attached; others stay on the ticket's page, since
mail servers refuse large mails, programs, and mails whose links give rights to their reader.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from maildesk.model.mail import WHOLE_MAIL, Attachment

_BASE64 = 1.37  # characters for each byte, with the line ends (RFC 2045 §6.8)
_MOST_FILES = 50
_REFUSED_ENDINGS = frozenset(
    {
        *(
            "ade",
            "adp",
            "app",
            "appx",
            "bat",
            "cab",
            "chm",
            "cmd",
            "com",
            "cpl",
            "dll",
            "exe",
            "hta",
        ),
        *(
            "ins",
            "isp",
            "jar",
            "js",
            "jse",
            "lib",
            "lnk",
            "mde",
            "msc",
            "msi",
            "msix",
            "msp",
            "mst",
        ),
        *("nsh", "pif", "ps1", "scr", "sct", "shb", "sys", "vb", "vbe", "vbs", "vxd", "wsc", "wsf"),
        *("wsh", "xll"),
    }
)
_PROGRAMS = frozenset({"application/x-msdownload", "application/x-dosexec", "application/x-sh"})


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """An attachment of a mail in the journal; `index` as in `Attachment`, `size` in bytes."""

    mail: int
    index: int
    name: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class CarriedFiles:
    """The files of a mail that go along, and those that are only named in it.

    `too_large`: above the limit of one mail. `unwanted`: programs, which mail servers refuse, and
    attached mails, which can hold links of others.
    """

    attached: tuple[CarriedFile, ...] = ()
    too_large: tuple[CarriedFile, ...] = ()
    unwanted: tuple[CarriedFile, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.attached or self.too_large or self.unwanted)


NO_FILES = CarriedFiles()


def carried_files(
    mail: int, attachments: Sequence[Attachment], limit: int, known: Iterable[str] = ()
) -> CarriedFiles:
    """The files of the mail with that id in the journal, at most `limit` bytes of them attached.

    `known` are hashes of pictures that the author sends with every mail: they are left out.
    """
    logos = frozenset(known)
    attached: list[CarriedFile] = []
    too_large: list[CarriedFile] = []
    unwanted: list[CarriedFile] = []
    room = limit
    for one in attachments:
        if one.inline and one.sha256 in logos:
            continue
        file = CarriedFile(mail, one.index, one.name, one.type, one.size)
        encoded = int(one.size * _BASE64) + 1_000
        if _is_unwanted(one):
            unwanted.append(file)
        elif encoded > room or len(attached) == _MOST_FILES:
            too_large.append(file)
        else:
            attached.append(file)
            room -= encoded
    return CarriedFiles(tuple(attached), tuple(too_large), tuple(unwanted))


def _is_unwanted(one: Attachment) -> bool:
    ending = one.name.rpartition(".")[2].casefold()
    is_mail = one.index == WHOLE_MAIL or one.type.startswith("message/") or ending == "eml"
    return is_mail or ending in _REFUSED_ENDINGS or one.seen in _PROGRAMS
