"""Reads bounces: delivery status notifications (RFC 3464), and the many bounces without one.

A bounce proves nothing: anybody who can write a mail can write a bounce.
"""

import email
import logging
import re
from collections.abc import Iterator, Sequence
from email.message import Message

from flufl.bounce import scan_message

from maildesk.ingest.intent.bounce_permanence import permanence
from maildesk.ingest.languages import WORDS
from maildesk.ingest.mime import fields, transfer_encoding
from maildesk.ingest.mime.mail_parser import Parsed
from maildesk.ingest.mime.structure import Part
from maildesk.model.mail import BounceReport, Permanence

# It logs a traceback for each detector that stumbles over a mail; the others go on.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

_WORDS = WORDS.bounces
_STATUS_BYTES = 100_000
_REPORTS = 100
_TEXT = 30_000
_DIAGNOSTIC = 500
_NEAR = 600

# Servers say `deliverable` and `delayed(will retry)`, too.
_ACTIONS = {
    "delay": "delayed",
    "deliver": "delivered",
    "relay": "relayed",
    "expand": "expanded",
}
_CLASSES = {"delayed": "4", "delivered": "2", "relayed": "2", "expanded": "2"}
_BLOCKS = re.compile(r"\n[ \t]*\n")
_STATUS = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.#-])([45]\d\d)(?=[ -][^\d]|$)", re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>\"'(),:;\[\]{}|=]{1,100}@[a-zA-Z0-9][a-zA-Z0-9.-]{0,200}[a-zA-Z0-9]")
_FIRST = re.compile(
    r"^\s*(?:to:|recipient:|for |rcpt to:)?\s*<?([^\s<>]{1,100}@[^\s<>:]{1,200})>?", re.I | re.M
)
_NAMED = re.compile(
    r"^[ \t]{0,8}(?:final-recipient:[ \t]{0,4}rfc822;|recipient address:)[ \t]{0,4}<?"
    r"([^\s<>;]{1,100}@[^\s<>;:]{1,200})>?",
    re.I | re.M,
)
_INNER_ID = re.compile(r"^[ \t>]{0,10}Message-Id:\s{0,20}(<[^<>\s]{1,400}>)", re.I | re.M)
_INNER_TO = re.compile(r"^[ \t>]{0,10}To:[ \t]{0,20}([^\n]{1,400})", re.I | re.M)
_COPY = re.compile(
    rf"^[ \t]{{0,8}}(?:-{{2,10}}[^\n]{{0,40}}(?:{_WORDS.copy_headings.either})[^\n]{{0,60}}$|"
    rf"(?:{_WORDS.copy_follows.either})|(?:Received|Return-Path):)",
    re.I | re.M,
)
_COMPLAINT = re.compile(r"\s{0,5}complaint about message from \S", re.I)
_DELAYED = re.compile(_WORDS.delayed.either, re.I)


def reports(parsed: Parsed) -> tuple[BounceReport, ...]:
    """One report per recipient the bounce speaks of, at most 100. Never raises."""
    original = _original_message_id(parsed)
    if _complains(parsed):
        return tuple(_complaints(parsed, original))[:_REPORTS]
    found = tuple(_from_status_parts(parsed, original))
    return (found or _from_text(parsed, original))[:_REPORTS]


def _complains(parsed: Parsed) -> bool:
    report_type = parsed.root.params.get("report-type", "").lower()
    return report_type == "feedback-report" or bool(_COMPLAINT.match(parsed.mail.subject))


def _complaints(parsed: Parsed, original: str | None) -> Iterator[BounceReport]:
    """RFC 5965: the mail arrived, and its reader said that it is spam."""
    for part in parsed.root.walk():
        if part.type == "message/feedback-report":
            group = dict(_group(_text(parsed, part)))
            yield BounceReport(
                recipient=group.get("original-rcpt-to", "").strip("<> ")[:320],
                action="complaint",
                status="",
                diagnostic=group.get("feedback-type", "")[:_DIAGNOSTIC],
                permanence=Permanence.NONE,
                original_message_id=original,
            )


def _from_status_parts(parsed: Parsed, original: str | None) -> Iterator[BounceReport]:
    for part in parsed.root.walk():
        if part.type in ("message/delivery-status", "message/global-delivery-status"):
            text = _text(parsed, part)
            for block in _BLOCKS.split(text.replace("\r\n", "\n")):
                group = dict(_group(block.lstrip("\n")))
                if "final-recipient" in group or "original-recipient" in group:
                    yield _report(group, original, _own_part(parsed.mail.text[:_TEXT]))


def _group(block: str) -> Iterator[tuple[str, str]]:
    head = fields.head(block.encode() + b"\n", 0, len(block.encode()) + 1)
    return ((name, fields.text_of(value)) for name, value in head.fields)


def _report(group: dict[str, str], original: str | None, beside: str) -> BounceReport:
    named = [group.get(f"{whose}-recipient", "") for whose in ("final", "original")]
    recipient = next((one for one in named if "@" in one), named[0] or named[1])
    diagnostic = group.get("diagnostic-code", "")
    action = _action(group.get("action", ""))
    near = _near(beside, recipient := _after_type(recipient).strip("<> \t'\""))
    status = _status((diagnostic or near, group.get("status", "")), action)
    return BounceReport(
        recipient=recipient[:320],
        action=action,
        status=status,
        diagnostic=_after_type(diagnostic)[:_DIAGNOSTIC],
        permanence=permanence(action, status, diagnostic, *_nearest_first(near, beside)),
        original_message_id=original,
    )


def _action(value: str) -> str:
    """One of RFC 3464 §2.3.3; what is none of them says that something failed."""
    word = value.strip().split(" ")[0].strip(";,.").lower()
    return next((action for begin, action in _ACTIONS.items() if word.startswith(begin)), "failed")


def _status(texts: Sequence[str], action: str) -> str:
    """The first enhanced status code (RFC 3463) that says more than x.0.0; else x.0.0.

    Its class comes from a code, else from the action.
    """
    codes = [found[0] for text in texts for found in _STATUS.finditer(text)]
    telling = next((code for code in codes if not code.endswith(".0.0")), "")
    if telling or codes:
        return telling or codes[0]
    reply = next((found[1][0] for text in texts for found in _REPLY_CODE.finditer(text)), "")
    return f"{reply or _CLASSES.get(action, '5')}.0.0"


def _after_type(value: str) -> str:
    """`rfc822; max@example.org` without its address-type (RFC 3464 §2.1.2)."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and kind.strip().replace("-", "").isalnum() else value.strip()


def _from_text(parsed: Parsed, original: str | None) -> tuple[BounceReport, ...]:
    text = _own_part(parsed.mail.text[:_TEXT])
    action = "delayed" if _DELAYED.search(parsed.mail.subject) else "failed"
    return tuple(_told(text, one, action, original) for one in _recipients(parsed, text))


def _told(text: str, recipient: str, action: str, original: str | None) -> BounceReport:
    near = _near(text, recipient)
    status = _status((near, text), action)
    return BounceReport(
        recipient=recipient[:320],
        action=action,
        status=status,
        diagnostic=" ".join(near.split())[:_DIAGNOSTIC],
        permanence=permanence(action, status, *_nearest_first(near, text)),
        original_message_id=original,
    )


def _recipients(parsed: Parsed, text: str) -> tuple[str, ...]:
    """Whom a bounce without machine-readable part speaks of, by the first way that finds any."""
    named = parsed.mail.header("x-failed-recipients") or ""
    return (
        tuple(dict.fromkeys(_ADDRESS.findall(named)))
        or tuple(dict.fromkeys(_NAMED.findall(text)))
        or _spoken_of(text, found := _flufl(parsed))
        or _first_in_text(parsed, text)
        or found
        or tuple(_ADDRESS.findall(_original_to(parsed)))[:1]
    )


def _spoken_of(text: str, found: tuple[str, ...]) -> tuple[str, ...]:
    """Those that the bounce itself speaks of, in its order: not those of the copy below."""
    lowered = text.casefold()
    places = sorted((lowered.find(one.casefold()), one) for one in found)
    return tuple(one for at, one in places if at >= 0)


def _flufl(parsed: Parsed) -> tuple[str, ...]:
    try:
        found = scan_message(_reduced(parsed))
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return ()
    plain = (address.decode("utf-8", "replace") for address in found)
    return tuple(sorted(address for address in plain if _ADDRESS.fullmatch(address)))


def _reduced(parsed: Parsed) -> Message:
    """The mail with no more than its first 200 kB: enough for any bounce."""
    return email.message_from_bytes(parsed.raw[:200_000])


def _first_in_text(parsed: Parsed, text: str) -> tuple[str, ...]:
    own = {address.key for address in (*parsed.mail.senders, *parsed.mail.to)}
    listed = [found.strip(".") for found in _FIRST.findall(text)] + _ADDRESS.findall(text)
    return tuple(one for one in listed if one.casefold() not in own)[:1]


def _own_part(text: str) -> str:
    """The text up to the copy of the original mail."""
    found = _COPY.search(text, min(40, len(text)))
    return text[: found.start()] if found else text


def _near(text: str, recipient: str) -> str:
    """The text about the recipient: from the first line that names the address."""
    at = text.find(recipient) if recipient else -1
    return text[text.rfind("\n", 0, at) + 1 : at + _NEAR] if at >= 0 else ""


def _nearest_first(near: str, text: str) -> tuple[str, str, str]:
    return near.partition("\n")[0], near, text


def _original_message_id(parsed: Parsed) -> str | None:
    for part in parsed.root.walk():
        if part.type in ("message/rfc822", "text/rfc822-headers", "message/global"):
            found = _INNER_ID.search("\n" + _text(parsed, part))
            if found:
                return found[1]
    found = _INNER_ID.search(parsed.mail.text[:_TEXT])
    return found[1] if found else None


def _original_to(parsed: Parsed) -> str:
    for part in parsed.root.walk():
        if part.type in ("message/rfc822", "text/rfc822-headers"):
            found = _INNER_TO.search("\n" + _text(parsed, part)[:_TEXT])
            return found[1] if found else ""
    found = _INNER_TO.search(parsed.mail.text[:_TEXT])
    return found[1] if found else ""


def _text(parsed: Parsed, part: Part) -> str:
    return transfer_encoding.whole(parsed.raw, part, _STATUS_BYTES)[0].decode("utf-8", "replace")
