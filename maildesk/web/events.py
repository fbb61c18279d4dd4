"""POST /events: a signed request of a monitoring system becomes a mail in the journal.

The report is therefore stored, handled, explained and counted like one that came by mail: 202 is
sent only after the commit. `Maildesk-Signature: t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256
(RFC 2104) of SECONDS, a full stop and the body, with the key `web.events_key`. A request is valid
for five minutes; two requests with the same `id` are one report.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Annotated
from unicodedata import category

import anyio
from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError
from starlette.responses import Response

from maildesk.model.mail import RawMail, Source
from maildesk.model.monitoring import Report
from maildesk.web.links import form

BODY_BYTES = 128 * 1024
GOOD_SECONDS = 300
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def _one_line(text: str) -> str:
    """The text if it fits in a header field: not empty and on one line, by Unicode's line ends too.

    Raises ValueError otherwise.
    """
    if not text.strip():
        raise ValueError("it is empty")
    if any(category(character) in _CONTROL_CATEGORIES for character in text):
        raise ValueError("it has a line break or another control character")
    return text


_CONTROL_CATEGORIES = frozenset({"Cc", "Zl", "Zp", "Cs"})
_Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_one_line)]
_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,100}$")]


class Reported(BaseModel):
    """The body of a request, as JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    key: _Line
    report: Report
    summary: _Line
    text: str = ""
    id: _Id | None = None


@dataclass(frozen=True, slots=True)
class Events:
    """Accepts reports. `systems` maps the names of monitoring.toml to mail addresses."""

    secret: bytes
    systems: Mapping[str, str]
    keep: Callable[[Sequence[RawMail]], None]
    on_kept: Callable[[], None]
    clock: Callable[[], datetime]

    async def take(self, request: Request) -> Response:
        """Store the report. 202: stored; 400: unreadable, 401: not signed, 404: unknown system."""
        body = await form.body(request, BODY_BYTES)
        at = self._signed_at(request.headers.get("maildesk-signature", ""), body)
        if at is None:
            return _rejection(401, "the signature is missing, wrong, or older than five minutes")
        try:
            reported = Reported.model_validate_json(body)
        except ValidationError as error:
            return _rejection(400, _first_error(error))
        address = self.systems.get(reported.source)
        if address is None:
            return _rejection(
                404, f"monitoring.toml has no source {json.dumps(reported.source[:60])}"
            )
        mail = _mail(reported, address, at, self.clock())
        await anyio.to_thread.run_sync(self.keep, [mail])
        self.on_kept()
        return JSONResponse({"kept": True}, 202)

    def _signed_at(self, signature: str, body: bytes) -> datetime | None:
        found = _SIGNATURE.fullmatch(signature)
        if found is None:
            return None
        right = hmac.new(self.secret, found[1].encode() + b"." + body, hashlib.sha256).hexdigest()
        age = abs(self.clock().timestamp() - int(found[1]))
        if not hmac.compare_digest(right, found[2]) or age > GOOD_SECONDS:
            return None
        return datetime.fromtimestamp(int(found[1]), UTC)


def _mail(reported: Reported, address: str, at: datetime, now: datetime) -> RawMail:
    """The report as a mail. The same report sent again gives the same mail."""
    message = EmailMessage(policy=SMTP)
    message["From"] = address
    message["Subject"] = reported.summary
    message["Message-ID"] = f"<{_message_name(reported, at)}@{address.rpartition('@')[2]}>"
    message["Maildesk-Event"] = f"{reported.report} {reported.key}"
    message.set_content(reported.text or reported.summary)
    raw = bytes(message)
    return RawMail(
        raw=raw,
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        source=Source.EVENT,
        mailbox=reported.source,
        received_at=now,
    )


def _message_name(reported: Reported, at: datetime) -> str:
    """The local part of the Message-ID: from the report's id and problem, or from all its data."""
    if reported.id is not None:
        problem = hashlib.sha256(reported.key.encode()).hexdigest()[:16]
        return f"{reported.id}.{problem}.{reported.report}"
    said = f"{at.timestamp()} {reported.model_dump_json()}"
    return hashlib.sha256(said.encode()).hexdigest()


def _first_error(error: ValidationError) -> str:
    one = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in one["loc"])
    return f"{place}: {one['msg']}" if place else one["msg"]


def _rejection(status: int, why: str) -> Response:
    return JSONResponse({"kept": False, "why": why}, status)
