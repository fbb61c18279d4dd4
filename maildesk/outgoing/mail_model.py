"""One mail in the making: whose words it may carry, and what signs it. Pure."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from maildesk.config.schema.settings import Desk
from maildesk.messages.catalogue import best_language
from maildesk.messages.sizes import spoken_size
from maildesk.messages.translator import Translator, translator
from maildesk.model.decision import CommandResult, OutgoingMail, Template
from maildesk.model.links.redact import redacted
from maildesk.model.links.token import (
    LinkToken,
    Purpose,
    ReplyToken,
    sign_link,
    sign_message_id,
    sign_reply,
)
from maildesk.model.person import Person
from maildesk.model.report import Count, Report
from maildesk.model.ticket import Ticket
from maildesk.outgoing import header_fields, mime_body
from maildesk.outgoing.background import NO_BACKGROUND, Background, presentable
from maildesk.outgoing.carried_files import NO_FILES, CarriedFile, CarriedFiles

NOTE_LIMIT = 500
REPORT_LINES = 8  # of each table: a mail is read on a phone
AUTOMATIC_TEXT_LIMIT = 20_000  # characters: a huge mail is not multiplied to every agent
_OF_NO_TICKET = frozenset(
    {Template.REFUSED, Template.SLA_DIGEST, Template.REPORT, Template.TRANSCRIPT}
)
_UTC = ZoneInfo("UTC")
_LOCAL_PART_LIMIT = 64  # RFC 5321 §4.5.3.1.1


@dataclass(frozen=True)
class SenderIdentity:
    """What is the same in every mail of this desk. `link_days`: how long links are good.

    `zone`: where clocks on the wall are looked at for whoever has no zone of their own.
    """

    desk: Desk
    base_url: str | None
    keys: tuple[bytes, ...]
    link_days: int
    zone: ZoneInfo = _UTC


@dataclass(frozen=True)
class ThreadContext:
    """What the mail is about.

    `thread`: Message-IDs as the recipient knows them, oldest first; the last one is answered.
    `ticket` is None where a mail was refused before it became one. `background` is for agents.
    """

    ticket: Ticket | None
    subject: str
    requester: Person
    thread: tuple[str, ...] = ()
    background: Background = NO_BACKGROUND


@dataclass(frozen=True)
class Links:
    """URL of each page that the letter offers; "" where it offers none."""

    view: str = ""
    resolution: str = ""
    approval: str = ""
    work: str = ""


@dataclass(frozen=True)
class FileNames:
    """The files of the mail, a line each: those attached to it, and those only named and why."""

    attached: tuple[str, ...] = ()
    too_large: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is a file."""
        return bool(self.attached or self.too_large or self.unwanted)


@dataclass(frozen=True)
class Results:
    """Results of commands in the reader's words, a line each. `undo_minutes` is 0 without #undo."""

    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    undo_minutes: int = 0


@dataclass(frozen=True, kw_only=True)
class MailModel:
    """All that decides how the mail looks. `number` is 0 where there is no ticket."""

    house: SenderIdentity
    outgoing_mail: OutgoingMail
    topic: ThreadContext
    recipient: Person
    author: Person | None
    now: datetime
    nonce: bytes
    proven: bool
    files: CarriedFiles = NO_FILES

    @cached_property
    def file_names(self) -> FileNames:
        """The names and sizes of the files that the mail carries or names."""
        return FileNames(
            self._names(self.files.attached),
            self._names(self.files.too_large),
            self._names(self.files.unwanted),
        )

    def _names(self, files: tuple[CarriedFile, ...]) -> tuple[str, ...]:
        return tuple(
            f"{header_fields.clean(one.name, NOTE_LIMIT)} ({spoken_size(one.size, self.reader)})"
            for one in files
        )

    @cached_property
    def number(self) -> int:
        """The ticket's number."""
        return self.topic.ticket.number if self.topic.ticket else 0

    @cached_property
    def subject(self) -> str:
        """The subject without tag and `Re:`."""
        return header_fields.bare_subject(self.topic.subject) or fixed_subject(self.reader)

    @cached_property
    def message_id(self) -> str:
        """The signed Message-ID; the same mailing always has the same one."""
        house = self.house
        return sign_message_id(self.number, self.nonce, house.desk.domain, house.keys)

    @cached_property
    def reader(self) -> Translator:
        """The recipient's language and time zone."""
        return _reader(self.house, self.recipient)

    @cached_property
    def note(self) -> str:
        """Why the mail is sent, in one sentence; "" if the template says it."""
        note = self.outgoing_mail.note
        return header_fields.clean(self.reader.text(note), NOTE_LIMIT) if note else ""

    @cached_property
    def results(self) -> Results:
        """The results of the commands that the mail answers."""
        found = self.outgoing_mail.results
        if found is None:
            return Results()
        return Results(self._lines(found.done), self._lines(found.failed), found.undo_minutes)

    def _lines(self, results: tuple[CommandResult, ...]) -> tuple[str, ...]:
        return tuple(redacted(self._line(one), self.house.keys) for one in results)

    def _line(self, result: CommandResult) -> str:
        if not result.line:
            return self.reader.text("command.text-result", result=result.message)
        return self.reader.text("command.result", command=result.line, result=result.message)

    @cached_property
    def until(self) -> datetime:
        """When the links expire."""
        return self.now + timedelta(days=self.house.link_days)

    @cached_property
    def reply_address(self) -> str:
        """Where an answer goes: desk+TOKEN@domain, or the plain address (see `marker`)."""
        desk = self.house.desk
        local, _, domain = desk.address.rpartition("@")
        tagged = f"{local}{desk.delimiter}{self._token}"
        fits = desk.delimiter and self.number and len(tagged) <= _LOCAL_PART_LIMIT
        return f"{tagged}@{domain}" if fits else desk.address

    @cached_property
    def marker(self) -> str:
        """What stands in for the token where no tagged address is possible; read by ingest."""
        plain = self.reply_address == self.house.desk.address
        return f"Ref: md-{self._token}" if plain and self.number else ""

    @cached_property
    def links(self) -> Links:
        """A page for each purpose of the letter; none where the desk has no web address."""
        if not self.house.base_url:
            return Links()
        return Links(
            **{purpose.name.lower(): self._url(purpose) for purpose in self.outgoing_mail.links}
        )

    @cached_property
    def pages(self) -> dict[int, str]:
        """The page of each ticket that a digest names, for agents; empty without a web address."""
        if not (self.house.base_url and self.recipient.is_agent):
            return {}
        numbers = dict.fromkeys(one.number for one in self.outgoing_mail.warnings)
        return {number: self._page(Purpose.VIEW, number, 0) for number in numbers}

    @cached_property
    def _token(self) -> str:
        return sign_reply(ReplyToken(self.number, self.recipient.id, self._round), self.house.keys)

    @property
    def _round(self) -> int:
        return self.topic.ticket.round if self.topic.ticket else 0

    def _url(self, purpose: Purpose) -> str:
        return self._page(purpose, self.number, self._round)

    def _page(self, purpose: Purpose, number: int, round_: int) -> str:
        token = LinkToken(purpose, number, self.recipient.id, round_, self.until)
        base = (self.house.base_url or "").rstrip("/")
        return f"{base}/l/{sign_link(token, self.house.keys)}"


def mailing(
    house: SenderIdentity,
    outgoing_mail: OutgoingMail,
    topic: ThreadContext,
    recipient: Person,
    author: Person | None,
    *,
    now: datetime,
    nonce: bytes,
    proven: bool,
    files: CarriedFiles = NO_FILES,
) -> MailModel:
    """The mail as it may be: bounded, and reduced where it answers somebody unproven.

    Raises ValueError for a letter without a ticket, unless it is one of those that need none.
    """
    if topic.ticket is None and outgoing_mail.template not in _OF_NO_TICKET:
        raise ValueError(f"a mail of the kind {outgoing_mail.template} needs a ticket")
    made = MailModel(
        house=house,
        outgoing_mail=_bounded(outgoing_mail, house.keys, _reader(house, recipient)),
        topic=replace(
            topic,
            requester=_presentable(topic.requester),
            background=presentable(topic.background, house.keys),
        ),
        recipient=_presentable(recipient),
        author=_presentable(author) if author else None,
        now=now.astimezone(UTC),
        nonce=nonce,
        proven=proven,
        files=files,
    )
    return _reduced(made) if outgoing_mail.automatic and not proven else made


def _reader(house: SenderIdentity, recipient: Person) -> Translator:
    zone = ZoneInfo(recipient.zone) if recipient.zone else house.zone
    return translator(best_language(recipient.language), zone)


def fixed_subject(reader: Translator) -> str:
    """The subject where nobody else's may be used."""
    return reader.text("mail.default-subject")


def disarmed(mailing: MailModel) -> MailModel:
    """The same mail without any header text that somebody else wrote."""
    return replace(
        mailing,
        topic=replace(mailing.topic, subject=fixed_subject(mailing.reader), thread=()),
        recipient=replace(mailing.recipient, name=""),
        author=None,
    )


def _bounded(
    outgoing_mail: OutgoingMail, keys: tuple[bytes, ...], reader: Translator
) -> OutgoingMail:
    # Whoever quotes a mail of ours would hand on the right to act that it carries.
    text = redacted(mime_body.body_text(outgoing_mail.text), keys)
    if outgoing_mail.automatic and len(text) > AUTOMATIC_TEXT_LIMIT:
        shortened = reader.text("mail.text-shortened")
        text = f"{text[:AUTOMATIC_TEXT_LIMIT].rstrip()}\n\n{shortened}"
    warnings = tuple(
        replace(one, subject=header_fields.bare_subject(one.subject))
        for one in outgoing_mail.warnings
    )
    report = _presentable_report(outgoing_mail.report) if outgoing_mail.report else None
    return replace(outgoing_mail, text=text, warnings=warnings, report=report)


def _presentable_report(report: Report) -> Report:
    """The first lines of each table, in words that fit in one."""
    summary = report.summary
    issues = tuple(
        replace(i, subject=header_fields.bare_subject(i.subject)) for i in summary.issues
    )
    requesters = _lines(summary.requesters)
    categories = _lines(summary.categories)
    shown = replace(
        summary,
        requesters=requesters,
        categories=categories,
        issues=issues[:REPORT_LINES],
    )
    return replace(report, summary=shown)


def _lines(counts: tuple[Count, ...]) -> tuple[Count, ...]:
    shown = counts[:REPORT_LINES]
    return tuple(
        replace(one, name=header_fields.clean(one.name, header_fields.NAME_LIMIT)) for one in shown
    )


def _presentable(person: Person) -> Person:
    name = header_fields.clean(person.name, header_fields.NAME_LIMIT)
    address = header_fields.clean(person.address, header_fields.ADDRESS_LIMIT)
    return replace(person, name=name, address=address)


def _reduced(mailing: MailModel) -> MailModel:
    # Whoever put another's address into From wants the desk to carry words there: it carries
    # no body but the desk's own, no name, and no subject that a mail program would make a link of.
    subject = mailing.subject
    if header_fields.names_a_link(subject):
        subject = fixed_subject(mailing.reader)
    requester = replace(mailing.topic.requester, name="")
    text = mailing.outgoing_mail.text if mailing.outgoing_mail.own else ""
    return replace(
        mailing,
        outgoing_mail=replace(mailing.outgoing_mail, text=text),
        topic=replace(mailing.topic, subject=subject, requester=requester),
        recipient=replace(mailing.recipient, name=""),
        author=None,
        files=NO_FILES,
    )
