"""The sentences on the pages that depend on what happened, in one place to be read aloud."""

from dataclasses import dataclass

from maildesk.model.decision import Answer
from maildesk.model.links.page import Page
from maildesk.model.links.token import Purpose


@dataclass(frozen=True, slots=True)
class Notice:
    """A page without a ticket: what is the matter, and what to do next."""

    title: str
    text: str
    advice: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A box at the top of a page. `field` is the id of the input to correct."""

    title: str
    text: str
    field: str = ""


_BY_MAIL = "You can always answer the mail instead: a reply reaches the service desk too."

UNKNOWN = Notice(
    "This link does not work",
    "It may have been cut in two by a mail program, or copied only in part.",
    f"Open it again from the mail. {_BY_MAIL}",
)
EXPIRED = Notice(
    "This link has expired",
    "Links work for a limited time, so that an old mail cannot be used against you.",
    _BY_MAIL,
)
FAILED = Notice(
    "Something went wrong on our side",
    "We could not finish that, and it is not your fault.",
    "Please open the link again in a minute. If you have just sent a decision, "
    "the page will say whether it was recorded.",
)
NOT_YOURS = Notice(
    "This is not yours to decide",
    "It is for those who work for the service desk, and you are not one of them now.",
    _BY_MAIL,
)
NOTICES = {
    400: Notice(
        "That did not arrive whole", "The line broke before it ended.", "Please try again."
    ),
    403: NOT_YOURS,
    404: UNKNOWN,
    405: Notice("That is not possible here", "A page is read, or its form is sent.", _BY_MAIL),
    408: Notice("That took too long", "The form did not arrive in time.", "Please send it again."),
    410: EXPIRED,
    413: Notice(
        "That is too long",
        "Nothing has changed. The page takes a comment of about two pages.",
        f"Please go back and shorten it. {_BY_MAIL}",
    ),
    415: Notice("That is not our form", "Nothing has changed.", "Please open the link again."),
}

CHOICE_MISSING = "Nothing has changed yet."
COMMENT_TOO_LONG = Alert("Please shorten your comment", "Nothing has changed yet.", "comment")
REFUSED = Alert("This is not possible now", "Nothing has changed. The ticket stands as shown here.")
ALERTS = {
    Answer.ALREADY_DECIDED: Alert(
        "This was already decided", "What you have just sent has changed nothing."
    ),
    Answer.OLD_ROUND: Alert(
        "Your decision came too late", "What you have just sent has changed nothing."
    ),
    Answer.REASON_MISSING: Alert(
        "Please say why you reject", "A short reason is enough. Nothing has changed yet.", "comment"
    ),
    Answer.UNCLEAR: Alert(
        "Please choose again",
        "What you wrote does not go with your choice, so nothing is decided yet. The service desk "
        "has your words. If you mean yes all the same, choose it again.",
        "comment",
    ),
    Answer.NOT_YOURS: Alert("This is not yours to decide", "Nothing has changed."),
}
_AT_WORK = {
    Answer.ALREADY_DECIDED: Alert(
        "Somebody was faster", "What you have just sent has changed nothing."
    ),
    Answer.REASON_MISSING: Alert(
        "Please say what the resolution is, or why you hand it on",
        "Others read it. Nothing has changed yet.",
        "comment",
    ),
}


def refusal(answer: Answer, page: Page) -> Alert:
    """Why nothing has changed."""
    told = ALERTS | _AT_WORK if page.purpose is Purpose.WORK else ALERTS
    return told.get(answer, REFUSED)


_STATUSES = {
    "New": "The service desk has received it.",
    "Assign": "It is with the team that can help.",
    "Analysis": "The service desk is working on it.",
    "Escalated": "A specialist team is looking into it, or something is still missing.",
    "Pending": "It waits: for an approval, or for something that is still missing.",
    "Waiting for Closure": "A solution was given. The requester is asked whether it is solved.",
    "Accepted": "The requester has accepted the solution.",
    "Rejected": "The requester has rejected the solution, so the work goes on.",
    "Resolved by Event": "It is over: the disturbance behind it has ended.",
    "Resolved by Origin ticket": "It is solved together with the ticket it belongs to.",
}
_STATES = {
    "Open": "It is open.",
    "In Progress": "The service desk is working on it.",
    "On-Hold": "It waits.",
    "Resolved": "It is solved.",
    "Closed": "It is closed.",
}


def status_sentence(page: Page) -> str:
    """The status in plain words; a status that an admin added is described by its state."""
    if page.waits_for:
        return f"It waits for the approval of {page.waits_for}."
    return _STATUSES.get(page.status) or _STATES.get(page.state, "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision as a headline and what follows from it."""

    headline: str
    next: str


_DECIDED = {
    (Purpose.APPROVAL, "approve"): ("approved this request", "The service desk goes on with it."),
    (Purpose.APPROVAL, "reject"): ("rejected this request", "The service desk has been told."),
    (Purpose.APPROVAL, "withdrawn"): ("withdrew this request", "There is nothing to decide."),
    (Purpose.APPROVAL, "closed"): ("closed this ticket", "There is nothing to decide any more."),
    (Purpose.RESOLUTION, "accept"): ("accepted the solution", "The ticket is closed."),
    (Purpose.RESOLUTION, "reject"): (
        "rejected the solution",
        "The service desk reads the reason and goes on with it.",
    ),
    (Purpose.RESOLUTION, "reopened"): (
        "reopened this ticket",
        "The service desk goes on with it.",
    ),
    (Purpose.RESOLUTION, "closed"): ("closed this ticket", "If it is not over, write to us."),
    (Purpose.WORK, "resolve"): ("resolved this ticket", ""),
    (Purpose.WORK, "closed"): ("closed this ticket", ""),
}
_CLOSED_ITSELF = Outcome(
    "This ticket is closed", "Nobody answered in time, so it closed by itself."
)
_BY_THE_CLOCK = {
    (Purpose.APPROVAL, "approve"): Outcome(
        "This request is approved", "Nobody decided in time, so it was approved by itself."
    ),
    (Purpose.APPROVAL, "reject"): Outcome(
        "This request is not approved", "Nobody decided in time, so it was turned down by itself."
    ),
}


def outcome(page: Page) -> Outcome:
    """The decision as a sentence to the viewer: "You approved this request"."""
    if page.decided is None:
        return Outcome("There is nothing to decide now", status_sentence(page))
    if not page.decided.by:
        return _BY_THE_CLOCK.get((page.purpose, page.decided.choice), _CLOSED_ITSELF)
    by = page.decided.by
    who = "You" if page.decided.by_viewer else by[:1].upper() + by[1:]
    did, then = _DECIDED.get((page.purpose, page.decided.choice), ("decided", ""))
    return Outcome(f"{who} {did}", then or status_sentence(page))
