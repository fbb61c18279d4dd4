"""The story of the demo, played on real mail servers and pages."""

from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import make_msgid

from maildesk.demo.environment import DemoEnvironment
from maildesk.demo.mail_program import NotSent, post
from maildesk.demo.mailbox_mail import Draft, DraftFile, Letter
from maildesk.demo.story.cast import ANN, DESK_ADDRESS, MAX, NINA, RITA
from maildesk.demo.story.holiday import HOLIDAY
from maildesk.demo.story.narration import NotAsItShould, Step, Transcript, same, within
from maildesk.demo.story.outage import OUTAGE
from maildesk.demo.story.stage import Stage
from maildesk.model.ticket import Ticket, evolve
from maildesk.store import tickets
from maildesk.store.queries import listings

_RULE = "New hardware or licences need the manager's approval"
_FIRST, _SECOND = "It is on your desk.", "The charger is on your desk now, too."
_REASON = "The charger is missing."
_LOOKS = 5
_ORDER = DraftFile("order 4711.pdf", "application/pdf", b"%PDF-1.7\n% a laptop and a charger\n")
_PHOTO = DraftFile("lid.jpg", "image/jpeg", b"\xff\xd8\xff\xe0" + bytes(2_000))


def _rita_asks(stage: Stage) -> Iterator[str]:
    request = RITA.starters[0]
    draft = Draft(to=DESK_ADDRESS, subject=request.subject, text=request.text)
    stage.asked = stage.send(RITA, draft)
    letter = stage.gets(RITA, "ticket number is")
    stage.number = int(letter.subject.partition("[MD-")[2].partition("]")[0] or 0)
    within("the subject of the acknowledgement", request.subject, letter.subject)
    within("the text of the acknowledgement", f"MD-{stage.number}", letter.text)
    same("its In-Reply-To", stage.asked, letter.in_reply_to)
    yield f"acknowledged in her thread: {letter.subject}"


def _rules_fire(stage: Stage) -> Iterator[str]:
    row = stage.traced(stage.asked)
    same("the disposition of the mail", "new-ticket", row["disposition"])
    evidence = [one for step in row["trace"] if step["name"] == "rules" for one in step["evidence"]]
    same("the rules that fired", [f'rule "{_RULE}" fired'], evidence)
    yield f"rule: {_RULE}"
    ticket = stage.ticket()
    found = (ticket.request_type, ticket.category, ticket.service, ticket.priority, ticket.team)
    same(
        "the classification",
        ("service request", "Hardware", "Workplace", "P4", "First line"),
        found,
    )
    yield f"classified: {', '.join(found)}"
    same("its state", ("On-Hold", "Pending"), (ticket.state, ticket.status))
    same("the unread mails of Ann", (), stage.unread(ANN))
    yield "On-Hold / Pending until the request is approved"


def _max_looks(stage: Stage) -> Iterator[str]:
    letter = stage.letters["approval"] = stage.gets(MAX, "requests your approval")
    within("the quoted request", "six years old", letter.text)
    yield "Max gets the request of Rita with a link"
    before = stage.ticket(), stage.history()
    for _ in range(_LOOKS):
        page = stage.visit(stage.link(letter))
        same("the page's status", 200, page.status)
        stage.visit(stage.link(letter), "HEAD")
    within("the page", "Send my decision", page.html)
    if " checked" in page.html:
        raise NotAsItShould("the page", "no preselected choice", "a checked option")
    same("the ticket after the visits", before, (stage.ticket(), stage.history()))
    yield f"{_LOOKS} GET and {_LOOKS} HEAD requests of the link change nothing"


def _max_approves(stage: Stage) -> Iterator[str]:
    link = stage.link(stage.letters["approval"])
    page = stage.press(link, "approve")
    within("the page after the button", "You approved this request", page.html)
    ticket = stage.becomes("Assign")
    same("the outcome", "approved", ticket.approval and ticket.approval.outcome)
    yield "POST: “You approved this request”; the ticket is Open / Assign"
    before = stage.ticket()
    page = stage.press(link, "reject", "I have changed my mind")
    same("the status of a second decision", 409, page.status)
    within("the page", "already decided", page.html)
    same("the ticket after a second decision", before, stage.ticket())
    yield "a second, different decision: “This was already decided”, nothing changed"
    stage.gets(MAX, "Your decision was recorded")
    yield "Max gets a receipt"
    stage.gets(RITA, "Max Moreno approved your request")
    yield "Rita is notified"


def _ann_answers(stage: Stage) -> Iterator[str]:
    letter = stage.letters["work"] = stage.gets(ANN, "Max Moreno approved the request")
    yield "Ann is notified by mail"
    words = f"#cc {NINA.address}\n\nHello Rita,\n\nit is ordered and comes on Thursday.\n\nAnn"
    stage.reply(ANN, letter, words, _ORDER)
    answer = stage.letters["answer"] = stage.gets(RITA, "it is ordered and comes on Thursday")
    _check_thread(stage, answer)
    same("the files of the answer", (_ORDER.name,), answer.files)
    yield f"Rita gets the answer in her thread, with the file {_ORDER.name}"
    copy = stage.gets(NINA, "it is ordered and comes on Thursday")
    same("the files of the copy", (_ORDER.name,), copy.files)
    yield "#cc: Nina gets the same answer and the file"
    ticket = stage.becomes("Analysis")
    same("the assignee", stage.person(ANN), ticket.assignee)
    yield "In Progress / Analysis, assigned to Ann"


def _check_thread(stage: Stage, letter: Letter) -> None:
    if not stage.is_in_thread(letter):
        came = (letter.in_reply_to, letter.references)
        raise NotAsItShould("References", f"{stage.asked} and the mail it answers", came)


def _mallory_tries(stage: Stage) -> Iterator[str]:
    before = stage.ticket()
    forged = EmailMessage()
    forged["From"] = f"{ANN.name} <{ANN.address}>"
    forged["To"] = DESK_ADDRESS
    forged["Subject"] = f"Re: [MD-{stage.number}] {RITA.starters[0].subject}"
    forged["Message-ID"] = make_msgid(domain="mallory.example")
    forged["In-Reply-To"] = stage.letters["answer"].message_id
    forged.set_content("#resolve Nothing to see here.")
    post(forged, stage.house.runtime, "mallory@mallory.example")
    row = stage.traced(str(forged["Message-ID"]))
    within("the trace", "proof falls short", str(row["trace"]))
    yield "a forged mail from Ann with #resolve is threaded, but “proof falls short”"
    after = stage.ticket()
    same("status and resolution", (before.status, None), (after.status, after.resolution))
    same("the unread mails of Rita", (), stage.unread(RITA))
    stage.gets(ANN, "Did you send this?")
    yield "nothing changes, Rita gets no mail, and Ann is asked “Was this you?”"


def _ann_resolves(stage: Stage) -> Iterator[str]:
    stage.reply(ANN, stage.letters["work"], f"#resolve {_FIRST}")
    yield from _resolved(stage, _FIRST)


def _resolved(stage: Stage, words: str) -> Iterator[str]:
    letter = stage.letters["resolution"] = stage.gets(RITA, words)
    _check_thread(stage, letter)
    within("the question", "Does this resolve your request?", letter.text)
    ticket = stage.becomes("Waiting for Closure")
    if ticket.close_due is None:
        raise NotAsItShould("the ticket", "a date for automatic closure", None)
    yield (
        f"Rita is asked in her thread; the ticket closes automatically on {ticket.close_due:%d %B}"
    )


def _rita_rejects(stage: Stage) -> Iterator[str]:
    link = stage.link(stage.letters["resolution"])
    same("the status of a rejection without a reason", 422, stage.press(link, "reject").status)
    same("the status", "Waiting for Closure", stage.ticket().status)
    yield "without a reason nothing changes, and the page asks for one"
    page = stage.press(link, "reject", _REASON)
    within("the page after the button", "You rejected the resolution", page.html)
    ticket = stage.becomes("Analysis")
    same("the number of reopenings", 1, ticket.reopened)
    yield "reopened: In Progress / Analysis"
    stage.letters["work"] = stage.gets(ANN, _REASON)
    yield f"Ann reads the reason: “{_REASON}”"


def _ann_resolves_again(stage: Stage) -> Iterator[str]:
    old = stage.letters["resolution"]
    stage.reply(ANN, stage.letters["work"], f"#resolve {_SECOND}")
    yield from _resolved(stage, _SECOND)
    before = stage.ticket()
    page = stage.press(stage.link(old), "accept")
    same("the status of the old link", 409, page.status)
    same("the ticket after it", before, stage.ticket())
    yield "the link of the first resolution no longer works"


def _rita_accepts(stage: Stage) -> Iterator[str]:
    stage.reply(RITA, stage.letters["resolution"], "Yes, it works now. Thank you!\n\nRita")
    ticket = stage.becomes("Completed")
    same(
        "state and closure category",
        ("Closed", "Solved"),
        (ticket.state, ticket.closure_category),
    )
    yield "Rita replies “Yes, it works now”: Closed / Completed, closure category Solved"
    letter = stage.letters["closure"] = stage.gets(RITA, "Your request is closed")
    _check_thread(stage, letter)
    yield "she is notified in her thread"


def _rita_is_late(stage: Stage) -> Iterator[str]:
    closed = stage.ticket()
    words = "One more thing: the lid is scratched.\n\nRita"
    stage.reply(RITA, stage.letters["closure"], words, _PHOTO)
    child = stage.number + 1
    letter = stage.gets(RITA, "ticket number is", child)
    ticket = (
        stage.becomes("Assign", child) if stage.ticket(child).team == "" else stage.ticket(child)
    )
    same("its parent", stage.number, ticket.parent)
    yield f"her mail opens a new ticket, linked to the old one: {letter.subject}"
    told = stage.gets(ANN, "the lid is scratched", child)
    same("the files that Ann gets", (_PHOTO.name,), told.files)
    yield f"Ann is notified, with the file {_PHOTO.name}"
    same("the closed ticket", closed, stage.ticket())
    yield f"MD-{stage.number} stays closed"


def _books_agree(stage: Stage) -> Iterator[str]:
    with stage.house.store.read() as connection:
        rows = list(listings.dispositions(connection))
        odd = [row["disposition"] for row in rows if row["disposition"] in (None, "quarantined")]
        numbers = listings.numbers(connection)
    same("mails without a disposition or in quarantine", [], odd)
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["disposition"]] += row["mails"]
    told = ", ".join(f"{count} {disposition}" for disposition, count in sorted(counts.items()))
    yield f"every mail has exactly one disposition: {told}"
    for number in numbers:
        same(
            f"MD-{number} rebuilt from its history", stage.ticket(number), _replayed(stage, number)
        )
    yield f"all {len(numbers)} tickets match their history"


def _replayed(stage: Stage, number: int) -> Ticket | None:
    ticket: Ticket | None = None
    with stage.house.store.read() as connection:
        for line in tickets.history(connection, number):
            ticket = evolve(ticket, line.event, number=number, at=line.at)
    return ticket


STORY: tuple[Step[Stage], ...] = (
    ("Rita writes to the desk: “New laptop please”", _rita_asks),
    ("The rules are evaluated", _rules_fire),
    ("Max, her manager, is asked for approval and opens the page", _max_looks),
    ("Max approves by link", _max_approves),
    ("Ann answers by mail", _ann_answers),
    ("Mallory forges a mail from Ann", _mallory_tries),
    ("Ann resolves the ticket: #resolve", _ann_resolves),
    ("Rita rejects by link with a reason", _rita_rejects),
    ("Ann resolves the ticket again", _ann_resolves_again),
    ("Rita accepts by reply", _rita_accepts),
    ("Rita writes after the ticket is closed", _rita_is_late),
    *OUTAGE,
    *HOLIDAY,
    ("The journal and the tickets are consistent", _books_agree),
)


def tell_story(house: DemoEnvironment) -> bool:
    """Play the story and print its transcript. Returns whether every step succeeded."""
    transcript = Transcript()
    transcript.tell(
        "The story of a laptop, an outage and a holiday, on real mail servers and pages"
    )
    try:
        transcript.play(STORY, Stage(house))
    except NotAsItShould as error:
        transcript.failed(error)
        return False
    except NotSent as error:
        transcript.failed(NotAsItShould("a mail", "accepted by the mail server", str(error)))
        return False
    return True
