"""Act 3 of the story: the manager is on holiday, an SLA timer runs out, a week ends."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import make_msgid

from maildesk.demo.mail_program import post
from maildesk.demo.mailbox_mail import Draft, Letter
from maildesk.demo.story.cast import ANN, DESK_ADDRESS, DOMAIN, MAX, NINA, RITA
from maildesk.demo.story.narration import NotAsItShould, Step, same, within
from maildesk.demo.story.stage import Stage
from maildesk.model.report import Period
from maildesk.model.sla.timer import Outcome, SlaTimer
from maildesk.model.ticket import spoken
from maildesk.processing.runtime import utc_now
from maildesk.store import report_progress
from maildesk.store.queries import counts

_WEEK = timedelta(days=7)
_AWAY = "I am out of office until 14 August and read no mail."
_ANSWER = "The licence is in your account."


def _max_is_away(stage: Stage) -> Iterator[str]:
    text = "Please order a licence for the drawing program.\n\nRita"
    stage.send(RITA, Draft(to=DESK_ADDRESS, subject="Order a drawing licence", text=text))
    number = stage.remember("licence", stage.gets_new(RITA, "ticket number is"))
    asked = stage.gets(MAX, "requests your approval", number)
    yield f"{spoken(number)} waits for approval by Max"
    _says_that_he_is_away(stage, asked)
    stage.letters["passed on"] = stage.gets(NINA, "requests your approval", number)
    within("the mail to Nina", "Max Moreno is away", stage.letters["passed on"].text)
    yield "his mail program replies “out of office”, so his deputy Nina is asked instead"
    before = stage.ticket(number)
    same("the status of Max's link", 403, stage.press(stage.link(asked), "approve").status)
    same("the ticket after it", before, stage.ticket(number))
    yield "the link in the mail to Max no longer works"


def _says_that_he_is_away(stage: Stage, letter: Letter) -> None:
    """Reply like a vacation program, to the return path (RFC 5230 §5, RFC 3834 §4)."""
    note = EmailMessage()
    note["From"] = f"{MAX.name} <{MAX.address}>"
    note["To"] = letter.return_path
    note["Subject"] = f"Out of office: {letter.subject}"
    note["Message-ID"] = make_msgid(domain=DOMAIN)
    note["In-Reply-To"] = letter.message_id
    note["Auto-Submitted"] = "auto-replied"
    note.set_content(_AWAY)
    post(note, stage.house.runtime, "")


def _nina_decides(stage: Stage) -> Iterator[str]:
    number = stage.numbers["licence"]
    stage.reply(NINA, stage.letters["passed on"], "approve")
    approval = stage.becomes("Assign", number).approval
    said = [(vote.person, vote.said) for vote in approval.votes] if approval else []
    expected = [(stage.person(MAX), "passed-on"), (stage.person(NINA), "approved")]
    same("the approvers and their answers", expected, said)
    stage.gets(NINA, "Your decision was recorded", number)
    stage.gets(RITA, "Nina Novak approved your request", number)
    stage.letters["licence"] = stage.gets(ANN, "approved the request", number)
    yield "Nina replies “approve”: Open / Assign; Nina gets a receipt and Rita is notified"


def _an_sla_target_is_missed(stage: Stage) -> Iterator[str]:
    number = stage.numbers["licence"]
    timer = _first_response(stage, number)
    if timer.next_check is None or timer.due is None:
        raise NotAsItShould("the first response", "a due time", timer)
    yield f"the first response is due on {_moment(timer.due)}"
    stage.house.wait_until(timer.next_check + timedelta(minutes=1))
    letter = stage.gets_new(ANN, "irst response due ")
    within("the warning", f"MD-{number}", f"{letter.subject} {letter.text}")
    yield (
        f"at 80 % of the SLA target, on {_moment(timer.next_check)}, "
        f"Ann is warned: “{letter.subject}”"
    )
    stage.reply(ANN, stage.letters["licence"], _ANSWER)
    stage.gets(RITA, _ANSWER, number)
    same("the outcome", Outcome.ACHIEVED, _first_response(stage, number).outcome)
    yield "Ann answers, and the SLA target is achieved"


def _a_week_is_over(stage: Stage) -> Iterator[str]:
    due = _told_until(stage)
    if due < utc_now():  # a story that is played on a Saturday has already waited past Monday
        due += _WEEK
        stage.house.wait_until(due + timedelta(minutes=1))
    letter = stage.gets_new(MAX, "Day by day")
    same("the end of the reported period", due, _told_until(stage))
    with stage.house.store.read() as connection:
        opened = counts.opened(connection, Period(due - _WEEK, due))
    within("the report", f"Opened: {opened} (", letter.text)
    within("the report", "First response: ", letter.text)
    yield f"on {_moment(due)} Max gets “{letter.subject}”"
    yield f"it shows {opened} opened tickets, frequent issues and SLA figures, with plots"


def _told_until(stage: Stage) -> datetime:
    with stage.house.store.read() as connection:
        (until,) = report_progress.told_until(connection).values()
    return until


def _first_response(stage: Stage, number: int) -> SlaTimer:
    timers = stage.ticket(number).sla_timers
    return next(timer for timer in timers if timer.metric == "first_response")


def _moment(at: datetime) -> str:
    return f"{at:%A %H:%M} UTC"


HOLIDAY: tuple[Step[Stage], ...] = (
    ("Rita asks for a licence, and Max is on holiday", _max_is_away),
    ("Nina decides for Max by reply", _nina_decides),
    ("Nobody answers Rita, and the SLA timer keeps running", _an_sla_target_is_missed),
    ("The week ends: the weekly report is sent", _a_week_is_over),
)
