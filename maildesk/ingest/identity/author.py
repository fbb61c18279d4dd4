"""Who wrote a mail, where From cannot be the author. Pure; never raises.

From is the identity. It cannot be the author if it is the desk's own address, the address of a
list or group that rewrote From, or an address that nobody reads. Then the author is the one
address in Reply-To, or X-Original-From for a list. Any sender can write these fields, so
such an author is never proven.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from maildesk.config.schema.settings import Desk
from maildesk.ingest.mime.mail_parser import addresses_of
from maildesk.model.mail import Address, Mail, address_key

_NO_REPLY = re.compile(
    r"(?:.{0,60}[-_.+])?(?:no|not|never|do-?n[o']?t|do[-_.]not|nicht|ne[-_.]?pas)[-_.]?"
    r"(?:reply|replay|respond|answer|antworten|repondre)(?:[-_.+].{0,80}|\d{0,4})"
)
_LIST_ADDRESS = re.compile(r"(?:mailto:|list )([^\s<>?;,]{1,320}@[^\s<>?;,]{1,255})", re.IGNORECASE)
_FIELDS_OF_LISTS = ("list-post", "mailing-list", "x-beenthere")
_VALUES, _CHARACTERS = 3, 1_000


@dataclass(frozen=True, slots=True)
class Author:
    """`address` is None if nobody can be named. `why` says why From is not the author, "" if it
    is; `unclear` is true if From cannot be the author and no other field names one."""

    address: Address | None
    why: str = ""
    unclear: bool = False


def author_of(mail: Mail, desk: Desk, envelope_from: str | None) -> Author:
    """The author of the mail. Of several From addresses the first; they prove nobody."""
    sender = mail.senders[0] if mail.senders else None
    if sender is None:
        return Author(Address("", envelope_from) if envelope_from else None)
    lists = list_addresses(mail)
    rewritten = sender.key in lists
    why = _cannot_be(sender, desk, rewritten)
    if not why:
        return Author(sender)
    fields = ((_REPLY_TO, mail.reply_to), *(_originals(mail) if rewritten else ()))
    for name, found in fields:
        others = {one.key: one for one in found if _is_somebody(one, sender, desk, lists)}
        if len(others) == 1:
            author = next(iter(others.values()))
            return Author(author, f"{why}: the author is {author.address[:200]} in {name}")
    return Author(sender, "", unclear=rewritten)


_REPLY_TO = "Reply-To"


def is_no_reply(address: str) -> bool:
    """Whether the address says that nobody reads what is sent to it."""
    return bool(_NO_REPLY.fullmatch(address_key(address).rpartition("@")[0][:200]))


def list_addresses(mail: Mail) -> frozenset[str]:
    """The addresses of the lists and groups that the mail came through."""
    return frozenset(_list_addresses(mail))


def _list_addresses(mail: Mail) -> Iterator[str]:
    for name in _FIELDS_OF_LISTS:
        for value in mail.all_headers(name)[:_VALUES]:
            yield from map(address_key, _LIST_ADDRESS.findall(value[:_CHARACTERS]))
            if name == "x-beenthere":
                yield address_key(value.strip()[:_CHARACTERS])


def _cannot_be(sender: Address, desk: Desk, rewritten: bool) -> str:
    if rewritten:
        return f"From is the list {sender.address[:200]}"
    if desk.tag_in(sender.address) is not None:
        return f"From is the desk's own address {sender.address[:200]}"
    return f"nobody reads {sender.address[:200]} in From" if is_no_reply(sender.address) else ""


def _originals(mail: Mail) -> Iterator[tuple[str, tuple[Address, ...]]]:
    for value in mail.all_headers("x-original-from")[:1]:
        yield "X-Original-From", addresses_of(value[:_CHARACTERS])


def _is_somebody(one: Address, sender: Address, desk: Desk, lists: frozenset[str]) -> bool:
    ours = desk.tag_in(one.address) is not None
    known = bool(one.domain) and one.key != sender.key and one.key not in lists
    return known and not ours and not is_no_reply(one.address)
