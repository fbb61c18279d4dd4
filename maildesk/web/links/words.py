"""Chooses the messages of a page by what happened. Their texts are in the catalogue."""

from dataclasses import dataclass

from maildesk.model.decision import Answer
from maildesk.model.links.page import Decided, Page
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message


@dataclass(frozen=True, slots=True)
class Notice:
    """A page without a ticket: what is wrong, and what to do next."""

    title: Message
    text: Message
    advice: Message


@dataclass(frozen=True, slots=True)
class Alert:
    """A box at the top of a page. `field` is the id of the input to correct."""

    title: Message
    text: Message
    field: str = ""


_of = Message.of
_REPLY = _of("page.reply-instead")
_UNCHANGED = _of("page.nothing-changed")

UNKNOWN = Notice(
    _of("page.unknown-title"), _of("page.unknown-text"), _of("page.unknown-advice") + _REPLY
)
EXPIRED = Notice(_of("page.expired-title"), _of("page.expired-text"), _REPLY)
FAILED = Notice(_of("page.failed-title"), _of("page.failed-text"), _of("page.failed-advice"))
NOT_YOURS = Notice(_of("page.agents-only-title"), _of("page.agents-only-text"), _REPLY)
NOTICES = {
    400: Notice(
        _of("page.incomplete-title"), _of("page.incomplete-text"), _of("page.incomplete-advice")
    ),
    403: NOT_YOURS,
    404: UNKNOWN,
    405: Notice(_of("page.method-title"), _of("page.method-text"), _REPLY),
    408: Notice(_of("page.slow-title"), _of("page.slow-text"), _of("page.slow-advice")),
    410: EXPIRED,
    413: Notice(
        _of("page.too-large-title"), _of("page.too-large-text"), _of("page.too-large-advice")
    ),
    415: Notice(_of("page.no-form-title"), _UNCHANGED, _of("page.no-form-advice")),
}

COMMENT_TOO_LONG = Alert(_of("page.comment-too-long"), _UNCHANGED, "comment")
_REFUSED = Alert(_of("page.refused-title"), _of("page.refused-text"))
_ALERTS = {
    Answer.ALREADY_DECIDED: Alert(_of("page.already-decided"), _of("page.not-recorded")),
    Answer.OLD_ROUND: Alert(_of("page.too-late"), _of("page.not-recorded")),
    Answer.REASON_MISSING: Alert(
        _of("page.reason-missing-title"), _of("page.reason-missing-text"), "comment"
    ),
    Answer.UNCLEAR: Alert(_of("page.unclear-title"), _of("page.unclear-text"), "comment"),
    Answer.NOT_YOURS: Alert(_of("page.not-yours"), _UNCHANGED),
}
_WORK_ALERTS = {
    Answer.ALREADY_DECIDED: Alert(_of("page.already-done"), _of("page.not-recorded")),
    Answer.REASON_MISSING: Alert(
        _of("page.work-text-missing-title"), _of("page.work-text-missing-text"), "comment"
    ),
}


def choice_missing(field: str) -> Alert:
    """The request to choose; `field` is the id of the first choice."""
    return Alert(_of("page.choice-missing"), _UNCHANGED, field)


def refusal(answer: Answer, page: Page) -> Alert:
    """Why nothing has changed."""
    alerts = _ALERTS | _WORK_ALERTS if page.purpose is Purpose.WORK else _ALERTS
    return alerts.get(answer, _REFUSED)


_STATUSES = {
    "New": _of("page.status-new"),
    "Assign": _of("page.status-assign"),
    "Analysis": _of("page.status-analysis"),
    "Escalated": _of("page.status-escalated"),
    "Pending": _of("page.status-pending"),
    "Waiting for Closure": _of("page.status-waiting-for-closure"),
    "Accepted": _of("page.status-accepted"),
    "Rejected": _of("page.status-rejected"),
    "Resolved by Event": _of("page.status-resolved-by-event"),
    "Resolved by Origin ticket": _of("page.status-resolved-by-origin"),
}
_STATES = {
    "Open": _of("page.state-open"),
    "In Progress": _of("page.state-in-progress"),
    "On-Hold": _of("page.state-on-hold"),
    "Resolved": _of("page.state-resolved"),
    "Closed": _of("page.state-closed"),
}
_NOTHING = Message.verbatim("")


def status_sentence(page: Page) -> Message:
    """The status in plain words; a status that an admin added is described by its state."""
    if page.waits_for:
        return _of("page.status-waits-for-approval", approvers=page.waits_for)
    return _STATUSES.get(page.status) or _STATES.get(page.state, _NOTHING)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision as a headline and what follows from it."""

    headline: Message
    next: Message


# The ids of: the viewer's decision, another person's, what follows; "" for the status.
_DECIDED = {
    (Purpose.APPROVAL, "approve"): (
        *("page.you-approved", "page.person-approved"),
        "page.after-approval",
    ),
    (Purpose.APPROVAL, "reject"): (
        *("page.you-rejected", "page.person-rejected"),
        "page.after-rejection",
    ),
    (Purpose.APPROVAL, "withdrawn"): (
        *("page.you-withdrew", "page.person-withdrew"),
        "page.no-approval-needed",
    ),
    (Purpose.APPROVAL, "closed"): (
        *("page.you-closed", "page.person-closed"),
        "page.no-approval-needed",
    ),
    (Purpose.RESOLUTION, "accept"): (
        *("page.you-accepted-resolution", "page.person-accepted-resolution"),
        "page.after-acceptance",
    ),
    (Purpose.RESOLUTION, "reject"): (
        *("page.you-rejected-resolution", "page.person-rejected-resolution"),
        "page.after-resolution-rejected",
    ),
    (Purpose.RESOLUTION, "reopened"): (
        *("page.you-reopened", "page.person-reopened"),
        "page.after-reopening",
    ),
    (Purpose.RESOLUTION, "closed"): (
        *("page.you-closed", "page.person-closed"),
        "page.after-closure",
    ),
    (Purpose.WORK, "resolve"): ("page.you-resolved", "page.person-resolved", ""),
    (Purpose.WORK, "closed"): ("page.you-closed", "page.person-closed", ""),
}
_OTHER = ("page.you-decided", "page.person-decided", "")
_CLOSED_AUTOMATICALLY = Outcome(
    _of("page.closed-automatically-title"), _of("page.closed-automatically-text")
)
_AUTOMATIC = {
    (Purpose.APPROVAL, "approve"): Outcome(
        _of("page.approved-automatically-title"), _of("page.approved-automatically-text")
    ),
    (Purpose.APPROVAL, "reject"): Outcome(
        _of("page.rejected-automatically-title"), _of("page.rejected-automatically-text")
    ),
}


def outcome(page: Page) -> Outcome:
    """The decision as a sentence to the viewer: "You approved this request"."""
    decided = page.decided
    if decided is None:
        return Outcome(_of("page.nothing-to-decide"), status_sentence(page))
    if not decided.by:
        return _AUTOMATIC.get((page.purpose, decided.choice), _CLOSED_AUTOMATICALLY)
    you, person, after = _DECIDED.get((page.purpose, decided.choice), _OTHER)
    return Outcome(_headline(decided, you, person), _of(after) if after else status_sentence(page))


def _headline(decided: Decided, you: str, person: str) -> Message:
    return _of(you) if decided.by_viewer else _of(person, name=decided.by)
