"""Who writes, to which ticket, with which proof: what becomes of the mail, in one table."""

from dataclasses import replace

import pytest

from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.policy import Policy
from maildesk.messages.trace import english
from maildesk.model.cause import Choice, MailArrived, WrongCommand
from maildesk.model.decision import Actor, ActorKind, Answer, Template
from maildesk.model.event import MessageAdded, PersonJoined, TicketOpened
from maildesk.model.mail import Kind
from maildesk.model.person import Proof
from tests.lifecycle.cast import (
    ANALYSIS,
    ANN,
    BOSS,
    CLOSED,
    LEE,
    MALLORY,
    MAX,
    NOW,
    RITA,
    SHIPPED,
    TICKETS,
    WAITING,
    WILL,
    events,
    happened,
    mail,
    told,
    unordered,
)
from tests.world import shipped_policy

NONE, AUTHENTICATED = Proof.NONE, Proof.AUTHENTICATED
APPROVE, REJECT, ACCEPT = Choice.APPROVE, Choice.REJECT, Choice.ACCEPT
AUTO, LIST = Kind.AUTO_REPLY, Kind.LIST
LAPTOP = "New laptop please"
WRONG = (WrongCommand("#resolv x", "did you mean #resolve?"),)

OPENED = ["TicketOpened", "MessageAdded"]
PRINTER = [
    *("service", "category", "sub_category", "impact", "urgency", "team", "priority"),
    "-> Assign",
]
# the child of a closed ticket: who knew that has it too
AGAIN = [
    *("TicketOpened", "MessageAdded", "team", "assignee"),
    *("service", "category", "sub_category", "impact", "urgency", "priority", "-> Assign"),
]
BUYING = ["service", "category", "request_type", "impact", "urgency", "team", "priority"]
TO_ALL = ["reply:rita", "reply:will"]
FOR_ANN = ["agent-notification:ann"]

# the mail; the ticket it was threaded to; disposition and kind of text; events; letters
Row = tuple[MailArrived, str, str, list[str], list[str]]

NEW_TICKETS: list[Row] = [
    # a printer: classified by the rules, so it is assigned; both sides hear of it
    (mail(RITA), "", "new-ticket request", [*OPENED, *PRINTER], ["acknowledgement:rita", *FOR_ANN]),
    # a comment needs no proof, and neither does a first mail
    (
        mail(RITA, proof=NONE),
        *("", "new-ticket request", [*OPENED, *PRINTER], ["acknowledgement:rita", *FOR_ANN]),
    ),
    # nothing known but a team: it stays New
    (
        mail(MALLORY, subject="A question"),
        *("", "new-ticket request", [*OPENED, "team"], ["acknowledgement:mallory", *FOR_ANN]),
    ),
    # network trouble goes to Lee
    (
        mail(RITA, subject="VPN"),
        *("", "new-ticket request", [*OPENED, *PRINTER]),
        ["acknowledgement:rita", "agent-notification:lee"],
    ),
    # a purchase: the manager is asked first, agents hear of it when he has decided
    (
        mail(RITA, subject=LAPTOP),
        *("", "new-ticket request", [*OPENED, *BUYING, "-> Pending", "ApprovalAsked"]),
        ["approval:max", "acknowledgement:rita"],
    ),
    # nobody to ask: the ticket stays New and the agents are told why
    (
        mail(MALLORY, subject=LAPTOP, requester=MALLORY),
        *("", "new-ticket request", [*OPENED, *BUYING]),
        [*FOR_ANN, "acknowledgement:mallory", *FOR_ANN],
    ),
    # who is in CC of a proven sender comes in (intake decides who that is)
    (
        mail(RITA, joining=(WILL.id,)),
        *("", "new-ticket request", [*OPENED, "PersonJoined", *PRINTER]),
        ["acknowledgement:rita", *FOR_ANN],
    ),
    # an agent may ask as well; the only agent of the team need not be told of the own mail
    (mail(ANN), "", "new-ticket request", [*OPENED, *PRINTER], ["acknowledgement:ann"]),
    # a mailing list: a ticket, and not a word to anybody
    (mail(RITA, kind=LIST), "", "new-ticket request", [*OPENED, *PRINTER], []),
    # an old mail of a new mailbox: a ticket, and not a word to anybody
    (mail(RITA, silent=True), "", "new-ticket request", [*OPENED, *PRINTER], []),
    # in silence nobody can be asked, so the ticket does not wait for an answer
    (mail(RITA, silent=True, subject=LAPTOP), "", "new-ticket request", [*OPENED, *BUYING], []),
    (mail(RITA, kind=LIST, subject=LAPTOP), "", "new-ticket request", [*OPENED, *BUYING], []),
]

CLOSED_TICKETS: list[Row] = [
    # a person writes to a closed ticket: a child
    *(
        (
            mail(who),
            "Completed",
            "new-ticket request",
            AGAIN,
            [f"acknowledgement:{name}", *more],
        )
        for who, name, more in (
            (RITA, "rita", FOR_ANN),
            (WILL, "will", FOR_ANN),
        )
    ),
    # also one that decides what was decided long ago
    (
        mail(RITA, "accept", choice=ACCEPT, round=1),
        *("Completed", "new-ticket request", AGAIN),
        ["acknowledgement:rita", *FOR_ANN],
    ),
    # and one in silence
    (mail(RITA, silent=True), "Completed", "new-ticket request", AGAIN, []),
    # a machine is recorded
    (mail(RITA, kind=AUTO), "Completed", "auto-reply auto-reply", ["MessageAdded"], []),
    (mail(RITA, kind=LIST), "Completed", "follow-up comment", ["MessageAdded"], []),
    # and so are thanks: nobody has to close them a second time
    (mail(RITA, thanks=True), "Completed", "follow-up comment", ["MessageAdded"], []),
    (mail(WILL, thanks=True, proof=NONE), "Completed", "follow-up comment", ["MessageAdded"], []),
    # a stranger with a true reference is held, not let in by a child of another's ticket
    # an agent's late answer is no request: it is kept, and the agent is told that nobody reads it
    (mail(ANN), "Completed", "follow-up note", ["MessageAdded"], ["transcript:ann"]),
    (mail(LEE, thanks=True), "Completed", "follow-up comment", ["MessageAdded"], []),
    (mail(MALLORY, held=True), "Completed", "held held", ["MessageAdded"], FOR_ANN),
]

MACHINES: list[Row] = [
    # an automatic answer changes nothing, whatever the ticket waits for, whoever sends it
    *(
        (mail(who, kind=AUTO), name, "auto-reply auto-reply", ["MessageAdded"], [])
        for name in TICKETS
        for who in (RITA, MAX, ANN)
    ),
    # not even where it seems to decide
    *(
        (
            mail(who, "Approved, I am on holiday", kind=AUTO, choice=choice, round=1),
            *(name, "auto-reply auto-reply", ["MessageAdded"], []),
        )
        for who, choice, name in (
            (MAX, APPROVE, "asked"),
            (RITA, ACCEPT, "Waiting for Closure"),
            (RITA, REJECT, "Waiting for Closure"),
        )
    ),
    # or orders
    (
        mail(ANN, kind=AUTO, commands=[("resolve", "Done.")]),
        *("Analysis", "auto-reply auto-reply", ["MessageAdded"], []),
    ),
    # a stranger's machine is not worth an agent's time
    (
        mail(MALLORY, kind=AUTO, held=True),
        "Analysis",
        "auto-reply auto-reply",
        ["MessageAdded"],
        [],
    ),
]

STRANGERS: list[Row] = [
    # held in every status: agents are told, nobody else, and nothing moves
    *((mail(MALLORY, held=True), name, "held held", ["MessageAdded"], FOR_ANN) for name in TICKETS),
    # a stranger decides nothing
    (
        mail(MALLORY, "accept", held=True, choice=ACCEPT, round=1),
        *("Waiting for Closure", "held held", ["MessageAdded"], FOR_ANN),
    ),
    # and brings nobody in
    (
        mail(MALLORY, held=True, joining=(BOSS.id,)),
        *("Analysis", "held held", ["MessageAdded"], FOR_ANN),
    ),
    # an old mail of a stranger: in silence
    (mail(MALLORY, held=True, silent=True), "Analysis", "held held", ["MessageAdded"], []),
]

APPROVERS: list[Row] = [
    # the yes: back to the agents, the manager gets a receipt
    (
        mail(MAX, "approve", choice=APPROVE, round=1),
        *("asked", "decision decision", ["MessageAdded", "ApprovalDecided", "-> Assign"]),
        ["decision-receipt:max", *FOR_ANN, "update:rita"],
    ),
    # proof by the mail server is as good, if the answer is to the question
    (
        mail(MAX, "approve", choice=APPROVE, round=1, proof=AUTHENTICATED),
        *("asked", "decision decision", ["MessageAdded", "ApprovalDecided", "-> Assign"]),
        ["decision-receipt:max", *FOR_ANN, "update:rita"],
    ),
    # the no, with a reason: it ends here
    (
        mail(MAX, "reject too dear", choice=REJECT, reason="too dear", round=1),
        *("asked", "decision decision"),
        ["MessageAdded", "ApprovalDecided", "-> Completed", "Closed"],
        ["decision-receipt:max", "closure:rita", *FOR_ANN],
    ),
    # the no without a reason: asked for it
    (
        mail(MAX, "reject", choice=REJECT, round=1),
        *("asked", "follow-up comment", ["MessageAdded"], ["confirmation:max"]),
    ),
    # neither yes nor no: asked again, and the agents read what was said
    (
        mail(MAX, "Who pays for that?"),
        *("asked", "follow-up comment", ["MessageAdded"], ["approval:max", *FOR_ANN]),
    ),
    # yes and no at once
    (
        mail(MAX, "I cannot approve this", unclear=True),
        *("asked", "follow-up comment", ["MessageAdded"], ["approval:max", *FOR_ANN]),
    ),
    # unclear is never a yes, even where a word was found
    (
        mail(MAX, "approve?", choice=APPROVE, unclear=True, round=1),
        *("asked", "follow-up comment", ["MessageAdded"], ["approval:max", *FOR_ANN]),
    ),
    # accepting is what requesters do
    (
        mail(MAX, "accept", choice=ACCEPT, round=1),
        *("asked", "follow-up comment", ["MessageAdded"], ["approval:max", *FOR_ANN]),
    ),
    # without proof: a link to the known address
    (
        mail(MAX, "approve", choice=APPROVE, round=1, proof=NONE),
        *("asked", "follow-up unproven", ["MessageAdded"], ["confirmation:max"]),
    ),
    # an answer to no mail of ours, or to an earlier question
    (
        mail(MAX, "approve", choice=APPROVE, proof=AUTHENTICATED),
        *("asked", "follow-up unproven", ["MessageAdded"], ["confirmation:max"]),
    ),
    (
        mail(MAX, "approve", choice=APPROVE, round=0),
        *("asked", "follow-up unproven", ["MessageAdded"], ["confirmation:max"]),
    ),
    # decided already: what he writes now is a comment
    (
        mail(MAX, "reject", choice=REJECT, reason="no", round=1),
        *("approved", "follow-up comment", ["MessageAdded"], ["confirmation:max", *FOR_ANN]),
    ),
    # the requester does not approve in the manager's place: it is a new text, asked about anew
    (
        mail(RITA, "approve", choice=APPROVE, round=1),
        *(
            "asked",
            "follow-up reply",
            ["MessageAdded", "ApprovalAsked"],
            [*FOR_ANN, "approval:max"],
        ),
    ),
    # nor does somebody who watches
    (
        mail(WILL, "approve", choice=APPROVE, round=1),
        *("asked", "follow-up reply", ["MessageAdded"], FOR_ANN),
    ),
    # nor an agent: it is an answer to the requester, and the ticket stays on hold
    (
        mail(ANN, "approve", choice=APPROVE, round=1),
        *("asked", "follow-up answer", ["MessageAdded", "assignee"], TO_ALL),
    ),
]

AGENTS: list[Row] = [
    # an answer goes to all who take part; the agent works on it from now on
    (mail(ANN), "New", "follow-up answer", ["MessageAdded", "assignee", "-> Analysis"], TO_ALL),
    (mail(ANN), "Assign", "follow-up answer", ["MessageAdded", "assignee", "-> Analysis"], TO_ALL),
    (mail(ANN), "Analysis", "follow-up answer", ["MessageAdded"], TO_ALL),
    # another's ticket stays the other's, who reads the answer
    (
        *(mail(LEE), "Analysis", "follow-up answer", ["MessageAdded"]),
        [*TO_ALL, "agent-notification:ann"],
    ),
    (mail(ANN), "Escalated", "follow-up answer", ["MessageAdded", "-> Analysis"], TO_ALL),
    # what a ticket is on hold for has not come by an answer
    (mail(ANN), "Pending", "follow-up answer", ["MessageAdded"], TO_ALL),
    # an answer beside an open question settles it not: the clock and the links stay good
    (mail(ANN), "asked", "follow-up answer", ["MessageAdded", "assignee"], TO_ALL),
    (mail(ANN), "Waiting for Closure", "follow-up answer", ["MessageAdded"], TO_ALL),
    # proof by the mail server is enough
    (mail(ANN, proof=AUTHENTICATED), "Analysis", "follow-up answer", ["MessageAdded"], TO_ALL),
    # a From line is not: nothing goes to the requester, and the true Ann is told
    (
        mail(ANN, proof=NONE),
        "Analysis",
        "follow-up unproven",
        ["MessageAdded"],
        ["confirmation:ann"],
    ),
    (
        mail(ANN, "", proof=NONE, commands=[("resolve", "Trust me.")]),
        *("Analysis", "follow-up unproven", ["MessageAdded"], ["confirmation:ann"]),
    ),
    # an empty mail says nothing to nobody
    (mail(ANN, ""), "New", "follow-up note", ["MessageAdded"], []),
    # silence keeps letters in, not the work
    (
        mail(ANN, silent=True),
        "Assign",
        "follow-up answer",
        ["MessageAdded", "assignee", "-> Analysis"],
        [],
    ),
    # ---- #take: whose it was is told
    (
        mail(LEE, "", commands=[("take", "")]),
        "Analysis",
        "command note",
        ["MessageAdded", "assignee"],
        ["agent-notification:ann"],
    ),
    (mail(ANN, "", commands=[("take", "")]), "Analysis", "command note", ["MessageAdded"], []),
    # with a text: the text is an answer
    (
        mail(LEE, "I look.", commands=[("take", "")]),
        *("Assign", "command answer", ["MessageAdded", "assignee", "-> Analysis"], TO_ALL),
    ),
    # ---- #note: nobody but agents reads it, not even the text beside it
    (
        mail(ANN, "", commands=[("note", "Rita is slow.")]),
        "New",
        "command note",
        ["MessageAdded"],
        [],
    ),
    (
        mail(ANN, "Slow.", commands=[("note", "Very.")]),
        "Analysis",
        "command note",
        ["MessageAdded"],
        [],
    ),
    (
        mail(ANN, "", commands=[("note", "Late.")]),
        "Waiting for Closure",
        "command note",
        ["MessageAdded"],
        [],
    ),
    # ---- #resolve, from wherever it is open
    *(
        (
            mail(ANN, "", commands=[("resolve", "New toner.")]),
            *(name, "command resolution"),
            ["MessageAdded", *own, "ResolutionGiven", "-> Waiting for Closure"],
            ["resolution:rita", "update:will"],
        )
        for name, own in (
            ("New", ["assignee"]),
            ("Assign", ["assignee"]),
            ("Analysis", []),
            ("Escalated", []),
            ("Pending", []),
        )
    ),
    # nor over the head of whoever is asked to approve it
    (
        mail(ANN, "", commands=[("resolve", "New toner.")]),
        *("asked", "command note", ["MessageAdded"], ["transcript:ann"]),
    ),
    # a resolution that waits is not resolved again
    (
        mail(ANN, "", commands=[("resolve", "Again.")]),
        *("Waiting for Closure", "command note", ["MessageAdded"], ["transcript:ann"]),
    ),
    # nothing said
    (
        mail(ANN, "", commands=[("resolve", "")]),
        *("Analysis", "command note", ["MessageAdded"], ["transcript:ann"]),
    ),
    # ---- #close
    (
        mail(ANN, "", commands=[("close", "")]),
        *("Waiting for Closure", "command note", ["MessageAdded", "-> Completed", "Closed"]),
        ["closure:rita"],
    ),
    # with a last word, which is an answer to all
    (
        mail(ANN, "Bye.", commands=[("close", "")]),
        *("Waiting for Closure", "command answer", ["MessageAdded", "-> Completed", "Closed"]),
        [*TO_ALL, "closure:rita"],
    ),
    # not from where it is not resolved: nothing is done and nothing is sent
    *(
        (
            mail(ANN, "", commands=[("close", "")]),
            *(name, "command note", ["MessageAdded"], ["transcript:ann"]),
        )
        for name in ("New", "Assign", "Analysis", "Escalated", "Pending", "asked")
    ),
    # ---- several: all of it or nothing
    (
        mail(LEE, "", commands=[("take", ""), ("resolve", "Cable.")]),
        *("New", "command resolution"),
        ["MessageAdded", "assignee", "ResolutionGiven", "-> Waiting for Closure"],
        ["resolution:rita", "update:will"],
    ),
    (
        mail(LEE, "", commands=[("resolve", "Cable."), ("close", "")]),
        *("Analysis", "command resolution"),
        ["MessageAdded", "ResolutionGiven", "-> Waiting for Closure", "-> Completed", "Closed"],
        ["resolution:rita", "closure:rita", "agent-notification:ann", "update:will"],
    ),
    (
        mail(LEE, "Hello.", commands=[("take", ""), ("close", "")]),
        *("Analysis", "command note", ["MessageAdded", "assignee"]),
        ["agent-notification:ann", "transcript:lee"],
    ),
    # what is for agents alone and what is for all cannot be one text
    (
        mail(ANN, "", commands=[("resolve", "Cable."), ("note", "She pulled it.")]),
        *("Analysis", "command note", ["MessageAdded"], ["transcript:ann"]),
    ),
    # a line that is not understood stops all that would be sent
    (
        mail(ANN, "Hello.", wrong_commands=WRONG),
        *("Analysis", "command note", ["MessageAdded"], ["transcript:ann"]),
    ),
    (
        mail(ANN, "Hello.", commands=[("take", "")], wrong_commands=WRONG),
        *("New", "command note", ["MessageAdded", "assignee"], ["transcript:ann"]),
    ),
]

REQUESTERS: list[Row] = [
    # ---- while it waits for closure
    (
        mail(RITA, "accept", choice=ACCEPT, round=1),
        *("Waiting for Closure", "decision decision"),
        ["MessageAdded", "ResolutionDecided", "-> Accepted", "-> Completed", "Closed"],
        ["closure:rita"],
    ),
    # "approve" is a yes as well
    (
        mail(RITA, "approve", choice=APPROVE, round=1),
        *("Waiting for Closure", "decision decision"),
        ["MessageAdded", "ResolutionDecided", "-> Accepted", "-> Completed", "Closed"],
        ["closure:rita"],
    ),
    # proof by the mail server, in answer to no mail of ours
    (
        mail(RITA, "accept", choice=ACCEPT, proof=AUTHENTICATED),
        *("Waiting for Closure", "decision decision"),
        ["MessageAdded", "ResolutionDecided", "-> Accepted", "-> Completed", "Closed"],
        ["closure:rita"],
    ),
    (
        mail(RITA, "reject it smears", choice=REJECT, reason="it smears", round=1),
        *("Waiting for Closure", "decision decision"),
        ["MessageAdded", "ResolutionDecided", "-> Rejected", "-> Analysis", "Reopened"],
        FOR_ANN,
    ),
    (
        mail(RITA, "reject", choice=REJECT, round=1),
        *("Waiting for Closure", "follow-up comment", ["MessageAdded"], ["confirmation:rita"]),
    ),
    # anything else reopens
    (
        mail(RITA, "It smears.", round=1),
        *("Waiting for Closure", "follow-up reply", ["MessageAdded", "-> Analysis", "Reopened"]),
        [*FOR_ANN, "update:rita"],
    ),
    # also in answer to an older mail: it says that all is not well
    (
        mail(RITA, "It smears.", round=0),
        *("Waiting for Closure", "follow-up reply", ["MessageAdded", "-> Analysis", "Reopened"]),
        [*FOR_ANN, "update:rita"],
    ),
    # a yes to an earlier resolution is none to this one
    (
        mail(RITA, "accept", choice=ACCEPT, round=0),
        *("Waiting for Closure", "follow-up unproven", ["MessageAdded"], ["confirmation:rita"]),
    ),
    (
        mail(RITA, "reject", choice=REJECT, reason="no", round=0),
        *("Waiting for Closure", "follow-up unproven", ["MessageAdded"], ["confirmation:rita"]),
    ),
    # in doubt a link, and the agents see what was said
    (
        mail(RITA, "accept, it is still broken", unclear=True, round=1),
        *("Waiting for Closure", "follow-up comment", ["MessageAdded"]),
        ["confirmation:rita", *FOR_ANN],
    ),
    (
        mail(RITA, "accept if it holds", unclear=True, round=1, proof=NONE),
        *("Waiting for Closure", "follow-up unproven", ["MessageAdded"], ["confirmation:rita"]),
    ),
    # thanks neither accept nor reopen, and need no answer
    (
        mail(RITA, "Thank you!", thanks=True, round=1),
        *("Waiting for Closure", "follow-up comment", ["MessageAdded"], []),
    ),
    (
        mail(RITA, "Thank you!", thanks=True, proof=NONE),
        *("Waiting for Closure", "follow-up unproven", ["MessageAdded"], ["confirmation:rita"]),
    ),
    # thanks of somebody else are a reply like any other
    (
        mail(WILL, "Thank you!", thanks=True),
        *("Waiting for Closure", "follow-up reply", ["MessageAdded"], FOR_ANN),
    ),
    # at another time thanks are a reply as well, and agents read it
    (mail(RITA, thanks=True), "Analysis", "follow-up reply", ["MessageAdded"], FOR_ANN),
    # what comes by way of a list neither accepts, nor rejects, nor reopens, nor wakes
    *(
        (
            mail(RITA, "words", kind=LIST, choice=choice, reason="r", round=1),
            *("Waiting for Closure", "follow-up unproven", ["MessageAdded"], ["confirmation:rita"]),
        )
        for choice in (ACCEPT, REJECT, None)
    ),
    (mail(RITA, kind=LIST), "Pending", "follow-up comment", ["MessageAdded"], FOR_ANN),
    # a From line neither accepts, nor rejects, nor reopens
    *(
        (
            mail(RITA, "words", proof=NONE, choice=choice, reason="r", round=1),
            *("Waiting for Closure", "follow-up unproven", ["MessageAdded"], ["confirmation:rita"]),
        )
        for choice in (ACCEPT, REJECT, None)
    ),
    # somebody else who takes part cannot decide for her
    (
        mail(WILL, "accept", choice=ACCEPT, round=1),
        *("Waiting for Closure", "follow-up reply", ["MessageAdded"], FOR_ANN),
    ),
    # ---- at any other time: a follow-up
    *(
        (mail(RITA), name, "follow-up reply", ["MessageAdded"], FOR_ANN)
        for name in ("Analysis", "Escalated")
    ),
    # what is to be approved is another thing now: asked anew
    (
        mail(RITA),
        *("asked", "follow-up reply", ["MessageAdded", "ApprovalAsked"]),
        [*FOR_ANN, "approval:max"],
    ),
    # a new one stays New: nothing more is known of it
    (mail(RITA), "New", "follow-up reply", ["MessageAdded"], FOR_ANN),
    # what she says may be what it waited for
    (mail(RITA), "Pending", "follow-up reply", ["MessageAdded", "-> Assign"], FOR_ANN),
    # a decision that nobody asked for is a text
    (
        mail(RITA, "accept", choice=ACCEPT, round=1),
        *("Analysis", "follow-up reply", ["MessageAdded"], FOR_ANN),
    ),
    # a comment needs no proof, but who is named in it is told
    *(
        (
            mail(who, proof=NONE),
            *("Analysis", "follow-up reply", ["MessageAdded"]),
            [*FOR_ANN, f"confirmation:{name}"],
        )
        for who, name in ((RITA, "rita"), (WILL, "will"))
    ),
    # nothing else follows from it: a ticket on hold stays there, and no rule looks
    (
        mail(RITA, proof=NONE),
        *("Pending", "follow-up reply", ["MessageAdded"], [*FOR_ANN, "confirmation:rita"]),
    ),
    # nor is anything said to a list that somebody wrote to in her name
    (
        mail(RITA, kind=LIST, proof=NONE),
        *("Analysis", "follow-up comment", ["MessageAdded"], FOR_ANN),
    ),
    # but whoever is to join does: the ticket trick
    (
        mail(RITA, joining=(BOSS.id, WILL.id, MAX.id)),
        *("Analysis", "follow-up reply", ["MessageAdded", "PersonJoined", "PersonJoined"], FOR_ANN),
    ),
    (
        mail(RITA, joining=(BOSS.id,), proof=NONE),
        *("Analysis", "follow-up reply", ["MessageAdded"], [*FOR_ANN, "confirmation:rita"]),
    ),
    # by way of a mailing list it is a comment, and agents read it
    (mail(RITA, kind=LIST), "Analysis", "follow-up comment", ["MessageAdded"], FOR_ANN),
    # in silence
    (mail(RITA, silent=True), "Analysis", "follow-up reply", ["MessageAdded"], []),
    (
        mail(RITA, silent=True, round=1),
        *(
            "Waiting for Closure",
            "follow-up reply",
            ["MessageAdded", "-> Analysis", "Reopened"],
            [],
        ),
    ),
]

TABLE = [
    *NEW_TICKETS,
    *CLOSED_TICKETS,
    *MACHINES,
    *STRANGERS,
    *APPROVERS,
    *AGENTS,
    *REQUESTERS,
]


def _named(row: Row) -> str:
    return f"{row[0].sender.name} {row[0].text[:20]!r} to {row[1] or 'nothing'}: {row[2]}"


def _but_transcripts(outgoing_mails: list[str]) -> list[str]:
    return [
        outgoing_mail
        for outgoing_mail in outgoing_mails
        if not outgoing_mail.startswith("transcript:")
    ]


@pytest.mark.parametrize("row", TABLE, ids=_named)
def test_what_becomes_of_a_mail(row: Row) -> None:
    arrived, name, became, expected, outgoing_mails = row
    ticket = TICKETS[name] if name else None
    decision = decide(ticket, arrived, SHIPPED, NOW)
    assert unordered(happened(decision)) == unordered(expected)
    mails = _but_transcripts(told(decision))
    assert unordered(mails) == unordered(_but_transcripts(outgoing_mails))
    # Who orders something is always told what became of it.
    ordered = bool(arrived.commands or arrived.wrong_commands)
    done = became.startswith("command")
    sender = arrived.sender.name.lower()
    is_told = f"transcript:{sender}" in told(decision)
    assert is_told == ((ordered and done) or f"transcript:{sender}" in outgoing_mails)
    assert f"{decision.disposition} {decision.message_kind}" == became
    assert MessageAdded("m-new", decision.message_kind) in events(decision)
    opens = became.startswith("new-ticket")
    assert [change.ticket for change in decision.changes] == [None if opens else 1001]
    # The actor is the sender, by the proof that there is.
    assert decision.actor.person == arrived.sender.id
    assert decision.actor.proof == arrived.identity.proof.name.lower()


def test_the_table_has_sixty_rows_and_more() -> None:
    assert len(TABLE) >= 60


@pytest.mark.parametrize(
    ("arrived", "name", "kind", "answer"),
    [
        (mail(MAX, choice=APPROVE, round=1), "asked", ActorKind.MANAGER, Answer.DONE),
        (mail(MAX, choice=REJECT, round=1), "asked", ActorKind.MANAGER, Answer.REASON_MISSING),
        (mail(MAX), "asked", ActorKind.MANAGER, Answer.RECORDED),
        (mail(ANN), "Analysis", ActorKind.AGENT, Answer.DONE),
        (mail(ANN, proof=NONE), "Analysis", ActorKind.AGENT, Answer.UNPROVEN),
        (mail(ANN, wrong_commands=WRONG), "Analysis", ActorKind.AGENT, Answer.ILLEGAL),
        (mail(RITA), "Analysis", ActorKind.REQUESTER, Answer.DONE),
        (mail(RITA, kind=AUTO), "Analysis", ActorKind.REQUESTER, Answer.RECORDED),
        (mail(MALLORY, held=True), "Analysis", ActorKind.REQUESTER, Answer.HELD),
        (
            mail(RITA, choice=REJECT, round=1),
            "Waiting for Closure",
            ActorKind.REQUESTER,
            Answer.REASON_MISSING,
        ),
        (mail(RITA, kind=LIST), "Completed", ActorKind.REQUESTER, Answer.RECORDED),
    ],
)
def test_in_which_part_the_sender_acted(
    arrived: MailArrived, name: str, kind: ActorKind, answer: Answer
) -> None:
    decision = decide(TICKETS[name], arrived, SHIPPED, NOW)
    assert (decision.actor.kind, decision.answer) == (kind, answer)


# ---- what a new ticket is made of


def test_a_new_ticket_belongs_to_who_wrote_and_is_an_incident() -> None:
    decision = decide(None, mail(RITA, subject="A question"), SHIPPED, NOW)
    opened = TicketOpened(
        requester=RITA.id, source="mail", status="New", state="Open", request_type="incident"
    )
    assert events(decision)[0] == opened
    assert decision.actor == Actor(ActorKind.REQUESTER, RITA.id, "token")


def test_a_late_reply_opens_a_child_of_the_one_who_wrote_it() -> None:
    decision = decide(CLOSED, mail(WILL), SHIPPED, NOW)
    opened = events(decision)[0]
    assert isinstance(opened, TicketOpened)
    assert (opened.parent, opened.requester) == (CLOSED.number, WILL.id)


def test_the_childs_manager_is_that_of_who_wrote_it_and_not_of_the_old_requester() -> None:
    """Will writes late to Rita's ticket; Rita's manager has no say in what Will buys."""
    late = mail(WILL, subject=LAPTOP, requester=RITA)
    decision = decide(CLOSED, late, SHIPPED, NOW)
    assert "approval:max" not in told(decision)


def test_nobody_joins_twice() -> None:
    decision = decide(ANALYSIS, mail(RITA, joining=(WILL.id, ANN.id, RITA.id)), SHIPPED, NOW)
    assert not any(isinstance(event, PersonJoined) for event in events(decision))


# ---- an agent who is also the requester


OWN = replace(WAITING, requester=ANN.id, assignee=LEE.id)


@pytest.mark.parametrize(
    ("arrived", "expected", "outgoing_mails"),
    [
        # what she writes is a requester's word
        (mail(ANN, "accept", choice=ACCEPT, round=1), "Closed", ["closure:ann"]),
        (mail(ANN, "It smears.", round=1), "Reopened", ["agent-notification:lee", "update:ann"]),
        # commands are an agent's
        (
            mail(ANN, "", commands=[("take", "")]),
            "assignee",
            ["agent-notification:lee", "transcript:ann"],
        ),
        (mail(ANN, "", wrong_commands=WRONG), "MessageAdded", ["transcript:ann"]),
    ],
)
def test_an_agents_own_ticket(
    arrived: MailArrived, expected: str, outgoing_mails: list[str]
) -> None:
    decision = decide(OWN, arrived, SHIPPED, NOW)
    assert happened(decision)[-1] == expected
    assert unordered(told(decision)) == unordered(outgoing_mails)


def test_an_agent_does_not_get_the_own_answer() -> None:
    own = replace(ANALYSIS, requester=LEE.id, participants=(ANN.id, WILL.id))
    assert told(decide(own, mail(ANN), SHIPPED, NOW)) == ["reply:lee", "reply:will"]


# ---- what the letters say


def test_answers_are_written_by_people_and_all_else_by_a_machine() -> None:
    automatic = {
        outgoing_mail.template: outgoing_mail.automatic
        for arrived, name, *_ in TABLE
        for outgoing_mail in decide(TICKETS.get(name), arrived, SHIPPED, NOW).outgoing_mails
    }
    by_people = {template for template, by_machine in automatic.items() if not by_machine}
    assert by_people == {Template.REPLY, Template.RESOLUTION}
    assert Template.AGENT_NOTIFICATION in automatic


def test_agents_see_that_a_sender_is_unproven() -> None:
    for ticket, arrived in ((ANALYSIS, mail(RITA, proof=NONE)), (None, mail(RITA, proof=NONE))):
        outgoing_mails = decide(ticket, arrived, SHIPPED, NOW).outgoing_mails
        notes = [
            english(one.note)
            for one in outgoing_mails
            if one.template is Template.AGENT_NOTIFICATION
        ]
        assert "UNPROVEN: we could not verify that rita@example.org really wrote it." in notes[0]
    proven = decide(ANALYSIS, mail(RITA), SHIPPED, NOW).outgoing_mails
    assert not any("UNPROVEN" in english(outgoing_mail.note) for outgoing_mail in proven)


# ---- a workflow of one's own that lacks a move


def _without_end(to: str) -> Policy:
    """The shipped workflow in which no requester may come to that status."""
    flow = shipped_policy().workflow
    moves = [m.model_copy(update={"by": tuple(b for b in m.by if b != "requester")})
             if m.to == to else m for m in flow.move]  # fmt: skip
    return replace(SHIPPED, workflow=flow.model_copy(update={"move": tuple(moves)}))


@pytest.mark.parametrize(
    ("wrote", "to"),
    [
        (mail(RITA, "accept", choice=Choice.ACCEPT, round=1), "Completed"),
        (mail(RITA, "reject no", choice=Choice.REJECT, reason="no", round=1), "Analysis"),
        (mail(RITA, "It is still broken.", round=1), "Analysis"),
    ],
)
def test_what_the_workflow_forbids_half_way_is_not_begun_and_both_sides_hear_why(
    wrote: MailArrived, to: str
) -> None:
    decision = decide(WAITING, wrote, _without_end(to), NOW)
    assert decision.answer is Answer.ILLEGAL
    assert happened(decision) == ["MessageAdded"]
    assert told(decision) == ["confirmation:rita", "agent-notification:ann"]
    assert "Only these roles" in english(decision.outgoing_mails[0].note)
