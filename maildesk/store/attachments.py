"""The attachments of the mails of tickets. Their bytes stay in the journal."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select

from maildesk.model.mail import Attachment
from maildesk.store import tables

_ATTACHMENT = tables.attachment
ADD = insert(_ATTACHMENT)


def rows_of(mail: int, author: int, attachments: Sequence[Attachment]) -> list[dict[str, Any]]:
    """The rows of these attachments."""
    return [
        {
            "raw_mail_id": mail,
            "position": one.index,
            "author": author,
            "name": one.name,
            "type": one.type,
            "seen": one.seen,
            "size": one.size,
            "inline": one.inline,
            "sha256": one.sha256,
            "content_id": one.content_id,
        }
        for one in attachments
    ]


def of_mails(connection: Connection, mails: Collection[int]) -> dict[int, tuple[Attachment, ...]]:
    """The attachments of each of these mails, in the order of the mail."""
    found: dict[int, list[Attachment]] = defaultdict(list)
    rows = connection.execute(
        select(_ATTACHMENT)
        .where(_ATTACHMENT.c.raw_mail_id.in_(mails))
        .order_by(_ATTACHMENT.c.raw_mail_id, _ATTACHMENT.c.position)
    )
    for row in rows:
        one = Attachment(
            index=row.position,
            name=row.name,
            type=row.type,
            seen=row.seen,
            size=row.size,
            inline=row.inline,
            sha256=row.sha256,
            content_id=row.content_id,
        )
        found[row.raw_mail_id].append(one)
    return {mail: tuple(attachments) for mail, attachments in found.items()}


def repeated(
    connection: Connection, authors: Collection[int], hashes: Collection[str], times: int
) -> frozenset[tuple[int, str]]:
    """(author, hash) of attachments that are in at least `times` mails of that author."""
    if not hashes:
        return frozenset()
    pair = (_ATTACHMENT.c.author, _ATTACHMENT.c.sha256)
    rows = connection.execute(
        select(*pair)
        .where(pair[0].in_(authors), pair[1].in_(hashes))
        .group_by(*pair)
        .having(func.count(_ATTACHMENT.c.raw_mail_id.distinct()) >= times)
    )
    return frozenset((row.author, row.sha256) for row in rows)
