"""POST /events: monitoring that speaks HTTP. A signed request becomes a mail of the journal.

So a report by request is kept, worked, explained and counted as one by mail is: 202 is said only
after the commit. `Maildesk-Signature: t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 (RFC 2104)
of SECONDS, a full stop and the body, under `web.events_key`. A request is good for five minutes;
the same `id` twice is one report.
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
    """What can stand in a header field: one line, also by Unicode's line ends, with words in it."""
    if not text.strip():
        raise ValueError("it is empty")
    if any(category(outgoing_mail) in _NO_LINE for outgoing_mail in text):
        raise ValueError("it has a line break or another control character")
    return text


_NO_LINE = frozenset({"Cc", "Zl", "Zp", "Cs"})
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
    """Takes reports. `systems` are the addresses of monitoring.toml's systems by name."""

    secret: bytes
    systems: Mapping[str, str]
    keep: Callable[[Sequence[RawMail]], None]
    on_kept: Callable[[], None]
    clock: Callable[[], datetime]

    async def take(self, request: Request) -> Response:
        """Keep the report. 202 kept; 400 unreadable, 401 not signed, 404 an unknown system."""
        body = await form.body(request, BODY_BYTES)
        at = self._signed_at(request.headers.get("maildesk-signature", ""), body)
        if at is None:
            return _no(401, "the signature is missing, wrong, or older than five minutes")
        try:
            reported = Reported.model_validate_json(body)
        except ValidationError as error:
            return _no(400, _first(error))
        address = self.systems.get(reported.source)
        if address is None:
            return _no(404, f"monitoring.toml has no source {json.dumps(reported.source[:60])}")
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
    """The report as a mail. The same report sent again comes out as the same mail."""
    message = EmailMessage(policy=SMTP)
    message["From"] = address
    message["Subject"] = reported.summary
    message["Message-ID"] = f"<{_name(reported, at)}@{address.rpartition('@')[2]}>"
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


def _name(reported: Reported, at: datetime) -> str:
    """What tells the report from others: its id and problem, else all that it says and when."""
    if reported.id is not None:
        problem = hashlib.sha256(reported.key.encode()).hexdigest()[:16]
        return f"{reported.id}.{problem}.{reported.report}"
    said = f"{at.timestamp()} {reported.model_dump_json()}"
    return hashlib.sha256(said.encode()).hexdigest()


def _first(error: ValidationError) -> str:
    one = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in one["loc"])
    return f"{place}: {one['msg']}" if place else one["msg"]


def _no(status: int, why: str) -> Response:
    return JSONResponse({"kept": False, "why": why}, status)
