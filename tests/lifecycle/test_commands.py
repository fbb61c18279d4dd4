"""Every command of an agent: what it does, and what is said where it cannot be done."""

from dataclasses import replace
from datetime import date

import pytest

from maildesk.config.schema.people import Absence
from maildesk.ingest.intent.commands import read_commands
from maildesk.lifecycle.commands.command_help import GROUPS
from maildesk.lifecycle.commands.match_argument import pick
from maildesk.lifecycle.commands.perform import ACTS
from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.messages.trace import english
from maildesk.model.cause import (
    CommandContext,
    LatestMessage,
    SplitCandidate,
    UndoTarget,
)
from maildesk.model.command import COMMANDS, ticket_number
from maildesk.model.decision import Decision
from maildesk.model.event import Closed, StatusMoved
from maildesk.model.message import Message
from maildesk.model.person import Person
from maildesk.model.ticket import Relation, Ticket
from tests.lifecycle.cast import (
    ANALYSIS,
    ANN,
    CLOSED,
    LEE,
    MAX,
    NOW,
    RITA,
    SHIPPED,
    WAITING,
    WILL,
    after,
    happened,
    mail,
    told,
    transcript_text,
    unordered,
)
from tests.lifecycle.cast import (
    TICKETS as EVERY,
)

PARENT = replace(ANALYSIS, number=1000)
CHILD = replace(ANALYSIS, number=1002, parent=1001)
GRANDCHILD = replace(ANALYSIS, number=1003, parent=1002)
OTHER = replace(ANALYSIS, number=1004)
FOREIGN = replace(ANALYSIS, number=1005, parent=1004)
RESOLVED = replace(WAITING, number=1006)
GONE = replace(CLOSED, number=1009)
LATEST = LatestMessage(message="m-last", author=RITA, text="And a chair?", kind="reply")
AROUND = CommandContext(
    tickets={
        t.number: t for t in (ANALYSIS, PARENT, CHILD, GRANDCHILD, OTHER, FOREIGN, GONE, RESOLVED)
    },
    people={"max@example.org": (MAX,), "will": (WILL,), "m": (MAX, WILL), "rita": (RITA,)},
    latest=LATEST,
    split_candidate=SplitCandidate(latest=LATEST),
)


def ordered(
    text: str, ticket: Ticket = ANALYSIS, command_context: CommandContext = AROUND
) -> Decision:
    """Ann orders this by mail."""
    read = read_commands(text)
    commands = [(one.name, one.argument) for one in read.commands]
    arrived = mail(
        ANN,
        read.text,
        commands=commands,
        wrong_commands=read.wrong,
        command_context=command_context,
        number=1010,
    )
    return decide(ticket, arrived, SHIPPED, NOW)


def transcript(decision: Decision) -> str:
    return transcript_text(decision)


DONE: list[tuple[str, str, list[str], list[str], list[int | None]]] = [
    # (ticket, command, events behind the message, letters but the transcript, other tickets)
    ("New", "#take", ["assignee"], [], []),
    ("Analysis", "#take", [], [], []),
    ("Analysis", "#assign Lee", ["team", "assignee"], ["agent-notification:lee"], []),
    ("Analysis", "#assign lee@example.org", ["team", "assignee"], ["agent-notification:lee"], []),
    ("Analysis", "#team net", ["team", "assignee"], ["agent-notification:lee"], []),
    ("Analysis", "#team First", [], [], []),
    ("Assign", "#status ana", ["-> Analysis"], [], []),
    ("Analysis", "#status Pending", ["-> Pending"], [], []),
    ("Waiting for Closure", "#status completed", ["-> Completed", "Closed"], ["closure:rita"], []),
    (
        *("Waiting for Closure", "#status Analysis"),
        *(["-> Analysis", "Reopened"], ["update:rita"], []),
    ),
    (
        *(
            "Analysis",
            "#approval",
            ["-> Pending", "ApprovalAsked"],
            ["approval:max", "update:rita"],
            [],
        ),
    ),
    ("Analysis", "#hold vendor", ["-> Pending", "Paused"], [], []),
    ("Pending", "#hold vendor until 2026-12-01", ["Paused"], [], []),
    ("Analysis", "#priority p1", ["priority"], [], []),
    ("Analysis", "#service net", ["service"], [], []),
    ("Analysis", "#type service", ["request_type"], [], []),
    ("Analysis", "#category VPN", ["category", "sub_category"], [], []),
    ("Analysis", "#category Access / pass", ["category", "sub_category"], [], []),
    ("Analysis", "#category software", ["category"], [], []),
    ("Analysis", "#impact high", ["impact", "priority"], [], []),
    ("Analysis", "#urgency l", ["urgency"], [], []),
    ("Analysis", "#note slow", [], [], []),
    (
        *("Analysis", "#resolve Cable."),
        *(
            ["ResolutionGiven", "-> Waiting for Closure"],
            ["resolution:rita", "update:will"],
            [1002, 1003],
        ),
    ),
    ("Waiting for Closure", "#close", ["-> Completed", "Closed"], ["closure:rita"], []),
    ("Waiting for Closure", "#close dup", ["-> Completed", "Closed"], ["closure:rita"], []),
    ("Waiting for Closure", "#close : as told", ["-> Completed", "Closed"], ["closure:rita"], []),
    ("Waiting for Closure", "#reopen why", ["-> Analysis", "Reopened"], ["update:rita"], []),
    (
        *("Analysis", "#escalate L2 hard"),
        ["-> Escalated", "team", "assignee", "Escalated"],
        *(["agent-notification:lee", "update:rita"], []),
    ),
    (
        *("Assign", "#escalate network hard"),
        ["-> Escalated", "team", "Escalated"],
        *(["agent-notification:lee", "update:rita"], []),
    ),
    (
        *("Analysis", "#escalate requester Which?"),
        *(["-> Escalated", "Paused"], ["update:rita"], []),
    ),
    ("Analysis", "#parent 1000", ["ParentChanged"], [], []),
    ("Analysis", "#parent none", ["ParentChanged"], [], []),
    ("Analysis", "#child MD-1004", [], [], [1004]),
    ("Analysis", "#link 1004", ["Related"], [], [1004]),
    ("Analysis", "#link blocks 1004", ["Related"], [], [1004]),
    ("Analysis", "#link blocked by 1009", ["Related"], [], [1009]),
    ("Linked", "#link none 1004", ["Unrelated", "Unrelated"], [], [1004, 1004]),
    ("Analysis", "#merge [MD-1004]", ["MergedInto", "-> Completed", "Closed"], [], [1004, 1002]),
    ("New", "#split A chair", ["MessageMoved", "Related"], [], [None]),
    ("Analysis", "#cc max@example.org", ["PersonJoined"], ["update:max"], []),
    ("Analysis", "#cc Will", [], [], []),
    ("Analysis", "#uncc Will", ["PersonLeft"], [], []),
    (
        *("Analysis", "#onbehalf max@example.org"),
        *(["RequesterChanged", "PersonJoined"], ["update:max"], []),
    ),
    ("Analysis", "#onbehalf will", ["RequesterChanged", "PersonJoined", "PersonLeft"], None, []),  # type: ignore[list-item]
    ("Analysis", "#onbehalf rita", [], [], []),
    ("Analysis", "#tag vip", ["Tagged"], [], []),
    ("Analysis", "#spam", ["-> Completed", "Closed"], [], []),
    ("Escalated", "#template need", [], ["reply:rita", "reply:will"], []),
    ("Escalated", "#kb vpn", [], ["reply:rita", "reply:will"], []),
    ("Analysis", "#help", [], [], []),
]


BONDS = (Relation("blocks", 1004), Relation("split-from", 1004), Relation("related", 1004))
TICKETS = {**EVERY, "Linked": replace(ANALYSIS, relations=BONDS)}


@pytest.mark.parametrize(("name", "order", "expected", "outgoing_mails", "others"), DONE)
def test_what_a_command_does(
    name: str,
    order: str,
    expected: list[str],
    outgoing_mails: list[str] | None,
    others: list[int | None],
) -> None:
    decision = ordered(order, TICKETS[name])
    moved = [e for e in happened(decision)[1:] if not (e == "-> Analysis" and name == "Escalated")]
    assert decision.answer == "done", decision.why
    assert unordered(moved) == unordered(expected)
    rest = [outgoing_mail for outgoing_mail in told(decision) if outgoing_mail != "transcript:ann"]
    assert outgoing_mails is None or unordered(rest) == unordered(outgoing_mails)
    assert [one.ticket for one in decision.related_changes] == others
    assert told(decision)[-1] == "transcript:ann"


NOT_DONE: list[tuple[str, str, str]] = [
    ("Analysis", "#assign nobody", 'There is no agent "nobody". Known: Ann, Lee.'),
    ("Analysis", "#assign rita", 'There is no agent "rita". Known: Ann, Lee.'),
    ("Analysis", "#assign example", '"example" can be Ann <ann@example.org> or Lee'),
    ("Analysis", "#team Frist line", 'There is no team "Frist line". Did you mean "First line"?'),
    ("Analysis", "#status Analisys", 'There is no status "Analisys". Did you mean "Analysis"?'),
    ("Analysis", "#status Resolved", '"Resolved" can be Resolved by Event or Resolved by Origin'),
    ("Analysis", "#status Waiting for Closure", "needs a resolution: #resolve <text>"),
    ("Analysis", "#status New", 'A ticket in status "Analysis" cannot change to "New".'),
    (
        "Waiting for Closure",
        "#status Pending",
        'A ticket in status "Waiting for Closure" cannot change to "Pending".',
    ),
    ("Analysis", "#hold x until 2026-11-23", "2026-11-23 is in the past."),
    ("Analysis", "#hold x until 2026-13-01", "2026-13-01 is not a date"),
    ("asked", "#hold x", "The ticket is waiting for an approval."),
    (
        "asked",
        "#resolve x",
        "The requester can withdraw the request with a reply that begins with",
    ),
    (
        "Analysis",
        "#hold x until 12/01/2026",
        '"until 12/01/2026" names no date. Write until 2026-12-31',
    ),
    ("asked", "#status Assign", "The ticket is waiting for an approval."),
    ("asked", "#escalate L2 x", "The ticket is waiting for an approval."),
    ("Analysis", "#priority P9", 'There is no priority "P9". Known: P1, P2, P3, P4.'),
    ("Analysis", "#service Netwrok", 'There is no service "Netwrok". Did you mean "Network"?'),
    ("Analysis", "#type incidnet", 'There is no request type "incidnet". Did you mean "incident"?'),
    (
        "New",
        "#status Assign",
        'The status "Assign" requires these fields: service, category, impact, urgency, priority.',
    ),
    ("Analysis", "#category Acess / VPN", 'There is no category "Acess". Did you mean "Access"?'),
    (
        "Analysis",
        "#category Access / Printer",
        'There is no sub-category of Access "Printer". Known: Password, VPN.',
    ),
    ("Analysis", "#impact huge", 'There is no impact "huge". Known: high, medium, low.'),
    ("Analysis", "#urgency huge", 'There is no urgency "huge". Known: high, medium, low.'),
    ("Analysis", "#tag -vip", 'The ticket has no tag "vip".'),
    (
        "Waiting for Closure",
        "#resolve again",
        'A ticket in status "Waiting for Closure" cannot change to "Waiting for Closure".',
    ),
    (
        "Waiting for Closure",
        "#close done",
        'There is no closure category "done". Known: Solved,',
    ),
    ("Analysis", "#close", 'A ticket in status "Analysis" cannot change to "Completed".'),
    ("Analysis", "#reopen", "Only a resolved ticket can be reopened."),
    (
        "Analysis",
        "#escalate L2",
        "Give a reason: #escalate <L2|L3|field|team|back> <reason>",
    ),
    (
        "Analysis",
        "#escalate requester",
        "Give a reason: #escalate <L2|L3|field|team|back> <reason>",
    ),
    ("Analysis", "#escalate L9 x", 'There is no level or team "L9". Known: First line, Network.'),
    ("Analysis", "#escalate L1 x", "The ticket is already with First line."),
    (
        "Escalated",
        "#escalate back x",
        "Nobody has escalated this ticket, so there is no team to return it to.",
    ),
    ("Pending", "#escalate L2 x", 'A ticket in status "Pending" cannot change to "Escalated".'),
    ("Waiting for Closure", "#escalate back x", "#reopen first"),
    ("Analysis", "#parent x", '"x" is not a ticket number'),
    ("Analysis", "#parent 1001", "That is the number of this ticket."),
    ("Analysis", "#parent 7", "There is no ticket MD-7."),
    ("Analysis", "#parent 1009", "MD-1009 is closed."),
    ("Analysis", "#parent 1003", "MD-1003 is already a child of this ticket."),
    ("Analysis", "#child 1005", "MD-1005 already has the parent MD-1004."),
    ("Analysis", "#merge 1001", "That is the number of this ticket."),
    ("Analysis", "#merge 1009", "MD-1009 is closed."),
    (
        "Analysis",
        "#merge 1003",
        "MD-1003 is a child of this ticket. Merge it into this ticket instead.",
    ),
    (
        "Analysis",
        "#merge 1006",
        "MD-1006 is resolved and would close without asking this requester.",
    ),
    ("Analysis", "#link none 1004", "This ticket has no link to MD-1004 that can be removed."),
    (
        "Analysis",
        "#link loves 1004",
        'There is no relation "loves". Known: related, duplicate, blocks, blocked-by.',
    ),
    ("Analysis", "#link blocks", '"blocks" is not a ticket number'),
    ("Analysis", "#cc m", '"m" can be Max <max@example.org> or Will <will@example.org>'),
    ("Analysis", "#cc ghost", 'No person named "ghost" is known. Write the email address.'),
    ("Analysis", "#uncc max@example.org", "Max is not a participant in this ticket."),
    ("Waiting for Closure", "#onbehalf will", "#reopen first"),
    ("asked", "#onbehalf will", "The ticket is waiting for an approval."),
    ("Analysis", "#template ghost", 'There is no template "ghost". Known: need more.'),
    ("Analysis", "#kb ghost", 'There is no article "ghost". Known: vpn.'),
    (
        "Analysis",
        "#undo",
        "Reply to the transcript of the commands that you want to undo, with #undo alone.",
    ),
    # a closed ticket never changes
    *(
        ("Completed", f"#{name}", "The ticket is closed, and that is final.")
        for name in ("take", "assign lee", "status New", "hold x", "cc will", "merge 1004", "spam")
    ),
]


@pytest.mark.parametrize(("name", "order", "why"), NOT_DONE)
def test_what_cannot_be_done_changes_nothing_and_is_told_with_the_reason(
    name: str, order: str, why: str
) -> None:
    decision = ordered(order, TICKETS[name])
    assert decision.answer == "illegal"
    assert happened(decision) == ["MessageAdded"]
    assert told(decision) == ["transcript:ann"]
    assert decision.related_changes == ()
    assert why in transcript(decision)


def test_an_agent_who_classifies_a_ticket_in_full_brings_it_to_assign() -> None:
    every = ("service net", "type service", "category VPN", "impact low", "urgency low")
    ticket = replace(TICKETS["New"], team="First line")
    decision = ordered("\n".join(f"#{one}" for one in every), ticket)
    assert happened(decision)[-2:] == ["priority", "-> Assign"]
    assert after(ticket, decision).unclassified == ()


def test_every_command_has_its_act_and_its_row() -> None:
    assert set(ACTS) == {kind.name for kind in COMMANDS}
    assert sorted(name for _, names in GROUPS for name in names) == sorted(ACTS)
    done = {name for _, order, *_ in DONE for name in [read_commands(order).commands[0].name]}
    assert done | {"undo", "delegate"} == set(ACTS)


def test_a_mail_with_a_wrong_command_writes_to_no_requester_whatever_is_beside_it() -> None:
    agents = {ANN.id, LEE.id}
    for _, order, *_ in DONE:
        decision = ordered(f"#xyzzy\n{order}\n\nDear Rita,")
        assert {outgoing_mail.to for outgoing_mail in decision.outgoing_mails} <= agents, order
        assert not any(one.cause.writes_to_people for one in decision.related_changes), order
        assert not isinstance(decision.changes[0].events[-1], Closed) or order == "#spam", order


@pytest.mark.parametrize(
    ("text", "step"),
    [
        # the answer is taken back where a command is not understood
        ("It is on its way.\n#foo", "answer sent to the requester"),
        # a command that was done alone, and is taken back with the rest of the mail
        ("#resolve Cable.\n#assign nobody", "resolved"),
    ],
    ids=["answer", "command"],
)
def test_the_trace_tells_nothing_of_what_was_rolled_back(text: str, step: str) -> None:
    steps = [one.verdict for one in ordered(text).why]
    assert step not in steps
    assert steps == ["not done"]
    alone = text.partition("\n#")[0]
    assert step in [one.verdict for one in ordered(alone).why]


def test_undo_takes_back_only_what_still_stands_as_it_was_left() -> None:
    first = ordered("#impact high\n#tag vip\n#team Network")
    ticket = after(ANALYSIS, first)
    meanwhile = after(ticket, ordered("#team First line", ticket))
    done = UndoTarget(at=NOW, events=first.changes[0].events)
    undone = ordered("#undo", meanwhile, replace(AROUND, undo_target=done))
    assert transcript(undone).split("it has changed since: ")[1].split(".")[0] == "team"
    now = after(meanwhile, undone)
    assert (now.impact, now.priority, now.tags, now.team) == ("low", "P4", (), "First line")


@pytest.mark.parametrize("order", ["#merge 1004", "#split"])
def test_what_is_final_is_never_offered_to_be_undone(order: str) -> None:
    decision = ordered(order)
    assert "#undo" not in transcript(decision)
    undo_target = UndoTarget(at=NOW, events=decision.changes[0].events)
    told_off = ordered("#undo", ANALYSIS, replace(AROUND, undo_target=undo_target))
    assert "cannot be undone" in transcript(told_off)


def test_an_undo_of_a_status_goes_back_where_no_move_leads() -> None:
    first = ordered("#hold vendor", TICKETS["New"])
    held = after(TICKETS["New"], first)
    undo_target = UndoTarget(at=NOW, events=first.changes[0].events)
    undone = ordered("#undo", held, replace(AROUND, undo_target=undo_target))
    assert StatusMoved(old="Pending", new="New", state="Open") in undone.changes[0].events
    assert after(held, undone).hold is None


def test_a_ticket_of_somebody_who_is_away_is_told_to_the_team() -> None:
    absence = Absence.model_validate({"from": date(2026, 11, 20), "until": date(2026, 11, 30)})
    away = replace(SHIPPED.directory, absences={LEE.id: (absence,)})
    assert away.working_on(replace(ANALYSIS, assignee=LEE.id), NOW) == (LEE.id, ANN.id)
    assert away.working_on(replace(ANALYSIS, assignee=ANN.id), NOW) == (ANN.id,)
    lonely = replace(ANALYSIS, assignee=None, team="Network")
    assert away.working_on(lonely, NOW) == (LEE.id,)  # rather than nobody
    led = replace(away, leads=frozenset({("Network", ANN.id)}))
    assert led.working_on(lonely, NOW) == (LEE.id, ANN.id)


def second(text: str, ticket: Ticket = ANALYSIS, *first: Person) -> Decision:
    """Lee orders this where Ann has the ticket, and others may have answered meanwhile."""
    read = read_commands(text)
    commands = [(one.name, one.argument) for one in read.commands]
    command_context = replace(AROUND, tickets={}, answered_by=first)
    return decide(
        ticket,
        mail(LEE, read.text, commands=commands, command_context=command_context),
        SHIPPED,
        NOW,
    )


@pytest.mark.parametrize(
    ("text", "template"), [("Hello.", "reply"), ("#resolve Cable.", "resolution")]
)
def test_two_agents_who_write_at_once_learn_of_each_other(text: str, template: str) -> None:
    decision = second(text, replace(ANALYSIS, assignee=None), ANN)
    assert "Ann also answered" in next(
        english(x.note) for x in decision.outgoing_mails if x.to == LEE.id
    )
    (heard,) = [x for x in decision.outgoing_mails if x.to == ANN.id]
    assert (heard.template, heard.author) == ("agent-notification", LEE.id)
    assert heard.text == next(x.text for x in decision.outgoing_mails if x.template == template)


def test_an_agent_reads_what_a_colleague_writes_in_the_own_ticket() -> None:
    assert "agent-notification:ann" in told(second("Hello."))
    assert "agent-notification:ann" not in told(second("#note Hello."))
    assert "agent-notification:lee" not in told(ordered("Hello."))


@pytest.mark.parametrize(
    ("order", "note"),
    [
        ("#take", "Lee took over this ticket. It is no longer assigned to you."),
        ("#assign lee", "Lee took over this ticket. It is no longer assigned to you."),
        (
            "#team Network",
            "Lee reassigned this ticket to Network. It is no longer assigned to you.",
        ),
    ],
)
def test_who_has_a_ticket_no_longer_is_told_by_whom(order: str, note: str) -> None:
    assert [english(x.note) for x in second(order).outgoing_mails if x.to == ANN.id] == [note]
    assert ANN.id not in {
        x.to for x in ordered("#assign lee").outgoing_mails if english(x.note) == note
    }


def test_an_assignee_who_is_no_agent_any_more_is_told_nothing_and_the_team_is() -> None:
    ticket = replace(ANALYSIS, assignee=WILL.id)
    assert SHIPPED.directory.working_on(ticket, NOW) == (ANN.id,)
    assert SHIPPED.directory.working_beside(ticket, ANN.id) == (LEE.id,)


def test_nothing_goes_back_to_a_team_that_is_no_more() -> None:
    ticket = replace(TICKETS["Escalated"], team="Network", back_to="Second shift")
    decision = ordered("#escalate back it is the printer", ticket)
    assert decision.answer == "illegal"
    assert 'The team "Second shift" no longer exists' in transcript(decision)


def test_a_lead_resolves_where_the_workflow_lets_leads_alone() -> None:
    moves = [
        one.model_copy(update={"by": ("lead",)}) if one.to == "Waiting for Closure" else one
        for one in SHIPPED.workflow.move
    ]
    flow = SHIPPED.workflow.model_copy(update={"move": tuple(moves)})
    directory = replace(SHIPPED.directory, leads=frozenset({("First line", ANN.id)}))
    cause = mail(ANN, commands=[("resolve", "A cable.")])
    policy = replace(SHIPPED, workflow=flow)
    assert decide(ANALYSIS, cause, policy, NOW).answer == "illegal"
    led = replace(policy, directory=directory)
    assert after(ANALYSIS, decide(ANALYSIS, cause, led, NOW)).status == "Waiting for Closure"


@pytest.mark.parametrize(
    "order", ["#escalate L2\nhard", "#escalate Network\nhard", "#escalate requester\nWhich?"]
)
def test_the_reason_of_an_escalation_may_stand_on_the_lines_below(order: str) -> None:
    assert "-> Escalated" in happened(ordered(order))


def test_a_ticket_goes_back_with_a_reason_on_the_line_below() -> None:
    ticket = replace(TICKETS["Escalated"], team="Network", back_to="First line")
    assert after(ticket, ordered("#escalate back\nit is the printer", ticket)).team == "First line"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("net", "Net"),  # exact, whatever the case
        ("netw", "Network"),  # the only one that begins so
        ("ork", "Network"),  # the only one that holds it
        ("ne", '"ne" can be Network or Net.'),
        ("Netwrok", 'There is no team "Netwrok". Did you mean "Network"?'),
        ("", 'There is no team "". Known: Network, Net, First line.'),
    ],
)
def test_a_name_is_meant_in_full_by_its_beginning_or_by_a_part(said: str, found: str) -> None:
    picked = pick(Message.of("kind.team"), said, ["Network", "Net", "First line"])
    assert (english(picked.why) if isinstance(picked, Refusal) else picked) == found


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1042", 1042),
        ("MD-1042", 1042),
        ("[MD-1042]", 1042),
        ("#1042", 1042),
        ("blocks md-7", 7),
        ("", None),
        ("MD-", None),
        ("10 42x", None),
        ("1234567890", None),
    ],
)
def test_how_a_ticket_is_named(text: str, number: int | None) -> None:
    assert ticket_number(text) == number
