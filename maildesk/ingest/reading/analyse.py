"""Analyses raw bytes: a `Reading` holds all that the bytes of a mail alone can tell."""

from pathlib import Path
from typing import Any

from maildesk.ingest.content.attached_message import enclosed
from maildesk.ingest.content.forward import forwarded_in
from maildesk.ingest.content.reply import marked_reply
from maildesk.ingest.html.sanitise import sanitise
from maildesk.ingest.intent.automatic_mail import screen
from maildesk.ingest.mime.mail_parser import parse_whole
from maildesk.ingest.mime.raw_bytes import Raw
from maildesk.ingest.reading import header_only
from maildesk.model.mail import Address, Mail, Reading


def read(
    raw: Raw, *, envelope_from: str | None = None, own_domains: tuple[str, ...] = ()
) -> Reading:
    """Parse a mail, find the new text in it and say who speaks. Never raises."""
    parsed = parse_whole(raw)
    text = parsed.mail.text
    shows = _shows_a_mail(parsed.mail)
    own, marks = (text, "") if shows else marked_reply(text, parsed.mail.html)
    return Reading(
        mail=parsed.mail,
        reply_text=text if own == text else own,  # one string: a long one is held and sent once
        screening=screen(parsed, envelope_from=envelope_from, own_domains=own_domains, said=own),
        enclosed=enclosed(parsed),
        marks=marks,
    )


def _shows_a_mail(mail: Mail) -> bool:
    """Whether the person forwards the mail of somebody else, which is then part of the words."""
    inner = forwarded_in(mail.subject, mail.text)
    if inner is None:
        return False
    readers = {_plain_address(one.address) for one in (*mail.to, *mail.cc)}
    return _plain_address(inner.author.address) not in readers


def _plain_address(address: str) -> str:
    """The address without `+tag`, so that a forwarded mail of the desk is known as such."""
    local, at, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def read_head(
    raw: Raw, *, envelope_from: str | None = None, own_domains: tuple[str, ...] = ()
) -> Reading:
    """The reading of a mail whose body no process could read: of its header block. Never raises."""
    head = header_only.head_of(raw)
    found = read(head, envelope_from=envelope_from, own_domains=own_domains)
    return header_only.with_the_whole(found, raw)


def contract(path: str | Path, raw: Raw) -> dict[str, Any]:
    """The JSON object of `maildesk parse --json` for one mail.

    Message ids keep their angle brackets, `date` is ISO 8601 in UTC, `html` is sanitised and
    null where there is none or where it is too deep or too long to be read.
    """
    reading = read(raw)
    mail, bounces = reading.mail, reading.screening.bounces
    return {
        "path": str(path),
        "subject": mail.subject,
        "from": _address(mail.senders[0]) if mail.senders else None,
        "to": [_address(one) for one in mail.to],
        "cc": [_address(one) for one in mail.cc],
        "reply_to": [_address(one) for one in mail.reply_to],
        "date": mail.date.isoformat().replace("+00:00", "Z") if mail.date else None,
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": list(mail.references),
        "text": mail.text,
        "reply_text": reading.reply_text,
        "html": sanitise(mail.html) if mail.html is not None else None,
        "attachments": [
            {
                "name": one.name,
                "type": one.type,
                "size": one.size,
                "inline": one.inline,
                "sha256": one.sha256,
            }
            for one in mail.attachments
        ],
        "kind": reading.screening.kind.value,
        "bounce": [
            {
                "recipient": one.recipient,
                "action": one.action,
                "status": one.status,
                "diagnostic": one.diagnostic,
                "original_message_id": one.original_message_id,
            }
            for one in bounces
        ]
        or None,
        "defects": list(mail.defects),
    }


def _address(one: Address) -> dict[str, str]:
    return {"name": one.name, "address": one.address}
