"""Tells persons from machines, and reads bounces."""

from pathlib import Path

import pytest

from maildesk.ingest.intent.automatic_mail import screen
from maildesk.ingest.mime.mail_parser import parse_whole
from maildesk.model.mail import BounceReport, Kind, Permanence, Screening

MAILS = Path(__file__).resolve().parent.parent / "mails"


def screened(name: str, envelope_from: str | None = None, *own: str) -> Screening:
    parsed = parse_whole((MAILS / f"{name}.eml").read_bytes())
    return screen(parsed, envelope_from=envelope_from, own_domains=own)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("plain", Kind.PERSON),
        ("person-from-exchange", Kind.PERSON),  # Exchange sets the field on people's mail, too
        ("person-asks-about-bounce", Kind.PERSON),  # has all the words of a bounce
        ("out-of-office", Kind.AUTO_REPLY),
        ("out-of-office-without-headers", Kind.AUTO_REPLY),
        ("read-receipt", Kind.AUTO_REPLY),
        ("bounce-dsn", Kind.BOUNCE),
        ("bounce-text-only", Kind.BOUNCE),
        ("list-post", Kind.LIST),
        ("own-loop", Kind.LOOP),
        ("no-header-at-all", Kind.PERSON),
    ],
)
def test_each_kind_is_told_by_its_signs(name: str, kind: Kind) -> None:
    screening = screened(name)
    assert screening.kind is kind
    assert bool(screening.evidence) == (kind is not Kind.PERSON)


@pytest.mark.parametrize(
    ("own", "kind"),
    [
        (("example.com",), Kind.LOOP),
        (("EXAMPLE.com", "example.net"), Kind.LOOP),
        (("example.net",), Kind.AUTO_REPLY),  # another desk's machine mail is no loop of ours
    ],
)
def test_the_loop_header_counts_for_our_own_domain(own: tuple[str, ...], kind: Kind) -> None:
    assert screened("own-loop", None, *own).kind is kind


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("Auto-Submitted: auto-replied", Kind.AUTO_REPLY),
        ("Auto-Submitted: auto-generated; owner-email=x", Kind.AUTO_REPLY),
        ("Auto-Submitted: no", Kind.PERSON),
        ("Precedence: bulk", Kind.AUTO_REPLY),
        ("Precedence: junk", Kind.AUTO_REPLY),
        ("Precedence: auto_reply", Kind.AUTO_REPLY),
        ("Precedence: list", Kind.LIST),
        ("Precedence: first-class", Kind.PERSON),
        ("X-Autoreply: yes", Kind.AUTO_REPLY),
        ("X-Autorespond: away", Kind.AUTO_REPLY),
        ("X-Auto-Response-Suppress: All", Kind.PERSON),
        ("List-Id: <users.example.org>", Kind.LIST),
        ("List-Unsubscribe: <mailto:x@example.org>", Kind.LIST),
        ("Return-Path: <>", Kind.AUTO_REPLY),
        ("X-Failed-Recipients: max@example.org", Kind.BOUNCE),
    ],
)
def test_one_field_can_decide(field: str, kind: Kind) -> None:
    raw = f"From: rita@example.org\r\nSubject: s\r\n{field}\r\n\r\ntext".encode()
    assert screen(parse_whole(raw)).kind is kind


def test_the_envelope_counts_for_more_than_the_return_path_a_sender_wrote() -> None:
    assert screened("plain", "").kind is Kind.AUTO_REPLY
    raw = b"Return-Path: <>\r\nFrom: rita@example.org\r\n\r\ntext"
    assert screen(parse_whole(raw), envelope_from="rita@example.org").kind is Kind.PERSON


def test_a_delivery_status_names_each_recipient_and_the_mail_it_speaks_of() -> None:
    assert screened("bounce-dsn").bounces == (
        BounceReport(
            recipient="max@example.org",
            action="failed",
            status="5.1.1",
            diagnostic="550 5.1.1 <max@example.org>: no such user",
            permanence=Permanence.HARD,
            original_message_id="<md.7@example.com>",
        ),
        BounceReport(
            recipient="rita@example.org",
            action="delayed",
            status="4.4.1",
            diagnostic="",
            permanence=Permanence.NONE,
            original_message_id="<md.7@example.com>",
        ),
    )


def test_a_bounce_without_a_delivery_status_is_read_from_its_text() -> None:
    (report,) = screened("bounce-text-only").bounces
    assert (report.recipient, report.status) == ("max@example.org", "5.2.2")
    assert report.original_message_id == "<md.8@example.com>"


def test_a_mail_of_ours_that_bounced_is_a_bounce_and_no_loop() -> None:
    assert screened("bounce-dsn", "", "example.com").kind is Kind.BOUNCE


@pytest.mark.parametrize(
    ("subject", "fields", "text", "kind"),
    [
        # a subject that introduces another is written by a machine
        ("Automatic reply: Printer", "", "x", Kind.AUTO_REPLY),
        ("Out of Office AutoReply: Printer", "", "x", Kind.AUTO_REPLY),
        ("Abwesenheitsnotiz: Drucker", "", "x", Kind.AUTO_REPLY),
        ("Automatische Antwort: Drucker", "", "x", Kind.AUTO_REPLY),
        ("Réponse automatique : imprimante", "", "x", Kind.AUTO_REPLY),
        ("Respuesta automática: impresora", "", "x", Kind.AUTO_REPLY),
        ("Risposta automatica: stampante", "", "x", Kind.AUTO_REPLY),
        ("Automatisch antwoord: printer", "", "x", Kind.AUTO_REPLY),
        ("Autosvar: skrivare", "", "x", Kind.AUTO_REPLY),
        ("Automaattinen vastaus: tulostin", "", "x", Kind.AUTO_REPLY),
        ("Automatyczna odpowiedź: drukarka", "", "x", Kind.AUTO_REPLY),
        ("Automatická odpověď: tiskárna", "", "x", Kind.AUTO_REPLY),
        ("Автоматический ответ: принтер", "", "x", Kind.AUTO_REPLY),
        ("Otomatik yanıt: yazıcı", "", "x", Kind.AUTO_REPLY),
        ("自動応答：プリンター", "", "x", Kind.AUTO_REPLY),
        ("自动回复：打印机", "", "x", Kind.AUTO_REPLY),
        # one that stands alone needs a sign beside it
        ("Out of office", "In-Reply-To: <a@example.org>\r\n", "Back on Monday.", Kind.AUTO_REPLY),
        ("Out of office", "X-Auto-Response-Suppress: All\r\n", "Back soon.", Kind.AUTO_REPLY),
        ("Abwesend bis Montag", "", "Ich bin bis Montag nicht im Büro.", Kind.AUTO_REPLY),
        ("Urlaub", "", "Ich bin bis Montag nicht im Büro.", Kind.PERSON),
        # for people have trouble with their assistants
        ("Out of office assistant does not work", "", "Please help.", Kind.PERSON),
        ("Vacation reply cannot be set", "", "Please help.", Kind.PERSON),
        ("Abwesenheitsassistent einrichten", "", "Bitte um Hilfe.", Kind.PERSON),
        # by the text alone: in answer to a mail, with all that only an absence says
        (
            "Re: Printer",
            "In-Reply-To: <a@example.org>\r\n",
            "I am on vacation until Monday with limited access to e-mail.",
            Kind.AUTO_REPLY,
        ),
        (
            "AW: Drucker",
            "In-Reply-To: <a@example.org>\r\n",
            "Ich bin derzeit im Urlaub. In dringenden Fällen: max@example.org",
            Kind.AUTO_REPLY,
        ),
        (
            "Printer",
            "",
            "I am on vacation until Monday with limited access to e-mail.",
            Kind.PERSON,  # answers nothing: somebody tells the desk
        ),
        (
            "Re: Printer",
            "In-Reply-To: <a@example.org>\r\n",
            "I am on vacation from Monday on. Please come before.",
            Kind.PERSON,
        ),
        (
            "Re: Printer",
            "In-Reply-To: <a@example.org>\r\n",
            "I am on leave next week; in an emergency call Max. Can you come today?",
            Kind.PERSON,
        ),
    ],
)
def test_an_absence_is_told_by_subject_and_text(
    subject: str, fields: str, text: str, kind: Kind
) -> None:
    raw = f"From: rita@example.org\r\nSubject: {subject}\r\n{fields}\r\n{text}".encode()
    assert screen(parse_whole(raw)).kind is kind


@pytest.mark.parametrize(
    ("subject", "fields", "answers"),
    [
        # reports and forms answer nothing
        ("Backup FAILED", "Auto-Submitted: auto-generated\r\n", False),
        ("Backup FAILED", "Auto-Submitted: auto-generated\r\nReferences: <a@fs02>\r\n", False),
        ("Scan", "Return-Path: <>\r\n", False),
        ("Contact form", "Precedence: junk\r\n", False),
        ("Alarm", "X-Amz-Sns-Message-Id: 1\r\n", False),
        # a program that answers
        ("Backup", "Auto-Submitted: auto-replied\r\n", True),
        ("Backup", "Auto-Submitted: auto-generated\r\nX-Autoreply: yes\r\n", True),
        ("Backup", "Auto-Submitted: something-new\r\n", True),
        ("Re: Backup", "Precedence: bulk\r\n", True),
        ("Backup", "Precedence: bulk\r\nIn-Reply-To: <a@example.org>\r\n", True),
        ("AW: Backup", "Return-Path: <>\r\n", True),
        ("Automatic reply: Backup", "", True),
        # a person
        ("Re: Backup", "In-Reply-To: <a@example.org>\r\n", False),
    ],
)
def test_an_automatic_mail_answers_another_or_reports(
    subject: str, fields: str, answers: bool
) -> None:
    raw = f"From: root@fs02.example.org\r\nSubject: {subject}\r\n{fields}\r\ntext".encode()
    assert screen(parse_whole(raw)).answers is answers


@pytest.mark.parametrize(
    ("subject", "text", "confirms"),
    [
        ("Ticket #12 created", "", True),
        ("Case 7", "Thank you for contacting us. We will be back.", True),
        ("Case 7", "Wir danken. Ihre Anfrage #4711 wurde erstellt.", True),
        ("Case 7", "Has my request been received?", False),
        ("Case 7", "The parcel was received yesterday.", False),
        ("", "", False),
        ("Case 7", "x" * 600 + " Your ticket was received.", False),
    ],
)
def test_a_confirmation_of_receipt_is_known_by_its_words(
    subject: str, text: str, confirms: bool
) -> None:
    raw = f"From: robot@vendor.example\r\nSubject: {subject}\r\n\r\n{text}".encode()
    assert screen(parse_whole(raw)).confirms is confirms
