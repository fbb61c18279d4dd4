"""Forged mails, one a row, against every act of every risk: none of them acts.

Each leaves its text as an unproven comment or a held mail (or is now a separate ticket, where it
names none), and the person in whose name it came is told at the known address.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from maildesk.model.ticket import Ticket
from maildesk.store import tickets
from tests.world import ADDRESS, OutgoingMail, World, build, one, settings

DMARC = "dmarc=pass header.from=example.org"
AR = "Authentication-Results"


@dataclass
class RuleInput:
    """A desk where something can be decided, and the mails that it wrote so far."""

    world: World
    mails: dict[str, OutgoingMail]

    def token(self, whose: str) -> str:
        """The address that proves that person."""
        return self.mails[whose].reply_to

    def id(self, whose: str) -> str:
        """The Message-ID of the mail to that person."""
        return str(self.mails[whose].message["Message-ID"])


def _open(world: World) -> RuleInput:
    outgoing_mails = world.writes("rita", "It does not print.", message_id="<first@example.org>")
    return RuleInput(
        world,
        {
            "rita": one(outgoing_mails, "rita", "acknowledgement"),
            "ann": one(outgoing_mails, "ann", "agent-notification"),
        },
    )


def _resolved(world: World) -> RuleInput:
    """Resolved for the second time: the first round's mails are old."""
    scene = _open(world)
    first = one(
        world.writes("ann", "#resolve Toner.", answering=scene.mails["ann"]), "rita", "resolution"
    )
    world.writes("rita", "reject No.", answering=first)
    again = one(
        world.writes("ann", "#resolve Drum.", answering=scene.mails["ann"]), "rita", "resolution"
    )
    return RuleInput(world, scene.mails | {"rita": again, "rita, round 1": first})


def _asked(world: World) -> RuleInput:
    outgoing_mails = world.writes("rita", "One, please.", subject="New laptop please")
    return RuleInput(
        world,
        {
            "rita": one(outgoing_mails, "rita", "acknowledgement"),
            "max": one(outgoing_mails, "max", "approval"),
        },
    )


def _two(world: World) -> RuleInput:
    """Two tickets; the mails are of the first."""
    scene = _open(world)
    world.writes("max", "Mine smells of smoke.", subject="Another printer")
    return scene


def _done(world: World) -> RuleInput:
    """The agent has just done what can still be taken back; the transcript says so."""
    scene = _open(world)
    outgoing_mails = world.writes("ann", "#take\n#tag vip", answering=scene.mails["ann"])
    return RuleInput(world, scene.mails | {"ann": one(outgoing_mails, "ann", "transcript")})


def _held(world: World) -> RuleInput:
    """A stranger's mail waits for the word of an agent."""
    scene = _open(world)
    world.writes("mallory", "Let me in.", headers={"In-Reply-To": "<first@example.org>"})
    assert world.disposition() == "held"
    return scene


@dataclass(frozen=True)
class CommandHandler:
    """What the forger wants, and in whose name."""

    stage: Callable[[World], RuleInput]
    who: str
    text: str


COMMENT = CommandHandler(_open, "rita", "It works again, thank you for nothing.")
ACCEPT = CommandHandler(_resolved, "rita", "accept")
REJECT = CommandHandler(_resolved, "rita", "reject It smears.")
REOPEN = CommandHandler(_resolved, "rita", "It still does not print.")
ANSWER = CommandHandler(_open, "ann", "Please send me your password.")
RESOLVE = CommandHandler(_open, "ann", "#resolve Solved, trust me.")
CLOSE = CommandHandler(_open, "ann", "#close")
TAKE = CommandHandler(_open, "ann", "#take")
NOTE = CommandHandler(_open, "ann", "#note Rita lies.")
REJECTED_BY_AGENT = CommandHandler(_resolved, "ann", "#close")
APPROVE = CommandHandler(_asked, "max", "approve")
TURN_DOWN = CommandHandler(_asked, "max", "reject Too dear.")
MERGE = CommandHandler(_two, "ann", "#merge MD-1002")
SPAM = CommandHandler(_open, "ann", "#spam")
UNDO = CommandHandler(_done, "ann", "#undo")
ON_BEHALF = CommandHandler(_open, "ann", "#onbehalf max@example.org")
LET_IN = CommandHandler(_held, "ann", "#cc mallory@example.org")
SPLIT_OFF = CommandHandler(_held, "ann", "#split For me")
STRANGER = CommandHandler(_open, "mallory", "accept")

To = Callable[[RuleInput], str]
Edit = Callable[[bytes], bytes]


def the_desk(_scene: RuleInput) -> str:
    return "desk@example.org"


def token_of(whose: str, change: Callable[[str], str] = lambda token: token) -> To:
    """The reply address of somebody's mail, its token changed."""

    def address(scene: RuleInput) -> str:
        local, _, domain = scene.token(whose).partition("@")
        name, _, token = local.partition("+")
        return f"{name}+{change(token)}@{domain}"

    return address


def same(raw: bytes) -> bytes:
    return raw


def second_from(raw: bytes) -> bytes:
    return raw.replace(b"From: ", b"From: mallory@example.org\r\nFrom: ", 1)


def no_from(raw: bytes) -> bytes:
    return raw.replace(b"From: Rita <rita@example.org>\r\n", b"", 1)


def on_top(*fields: str) -> Edit:
    """These header fields above everything else."""
    return lambda raw: "".join(f"{one}\r\n" for one in fields).encode() + raw


@dataclass(frozen=True, kw_only=True)
class Forgery:
    """One forged mail. `becomes` is the disposition and the kind of the text that is kept."""

    why: str
    act: CommandHandler
    to: To = the_desk
    headers: Mapping[str, str] = field(default_factory=dict)
    sender: str = ""
    edit: Edit = same
    envelope_from: str | None = None
    knows_id: bool = True
    quotes_token_of: str = ""
    becomes: tuple[str, str] = ("follow-up", "unproven")
    tells: tuple[str, ...] = ("confirmation",)
    told: str = ""
    trust: tuple[str, ...] = ("mx.example.org",)
    holds_her_token: bool = False  # of this ticket; it proves her, and yet nothing may happen


COMMENTED = ("follow-up", "reply")
HELD = ("held", "held")
OWN = ("new-ticket", "")
IS_HELD: dict[str, Any] = {"becomes": HELD, "tells": ("agent-notification",), "told": "ann"}
IS_A_MACHINE: dict[str, Any] = {
    "becomes": ("auto-reply", "auto-reply"),
    "tells": (),
    "holds_her_token": True,
}
IS_ANOTHER: dict[str, Any] = {"becomes": OWN}


def forged(act: CommandHandler, why: str, **more: Any) -> Forgery:
    """A row; by default the mail names the ticket by a Message-ID that the forger knows."""
    return Forgery(act=act, why=why, **more)


# Nothing but a known Message-ID and a From line, against every act.
BARE = (
    forged(COMMENT, "a comment in her name", becomes=COMMENTED),
    forged(ACCEPT, "an acceptance in her name"),
    forged(REJECT, "a rejection in her name"),
    forged(REOPEN, "an answer in her name to a resolved ticket"),
    forged(ANSWER, "an agent's answer to the requester"),
    forged(RESOLVE, "an agent resolves"),
    forged(CLOSE, "an agent closes"),
    forged(TAKE, "an agent takes the ticket"),
    forged(NOTE, "an agent's note"),
    forged(REJECTED_BY_AGENT, "an agent closes what waits for the requester"),
    forged(APPROVE, "the manager approves"),
    forged(TURN_DOWN, "the manager turns it down"),
    forged(MERGE, "an agent merges"),
    forged(SPAM, "an agent says that she sends spam"),
    forged(UNDO, "an agent takes back what the transcript tells of"),
    forged(ON_BEHALF, "an agent makes it another's ticket"),
    forged(LET_IN, "an agent lets the sender of a held mail in"),
    forged(SPLIT_OFF, "an agent gives a held mail a ticket of its own"),
)
FROM = (
    # From is the only identity; a display name, Reply-To and Sender are none
    forged(
        *(APPROVE, "the manager's address as a display name"),
        sender='"max@example.org" <mallory@example.org>',
        **IS_HELD,
    ),
    forged(
        *(ACCEPT, "her address as a name, his behind it"),
        sender="rita@example.org <mallory@example.org>",
        **IS_HELD,
    ),
    forged(
        *(RESOLVE, "answers to be sent to the forger"),
        headers={"Reply-To": "mallory@example.org"},
    ),
    forged(RESOLVE, "Reply-To is no identity", headers={"Reply-To": "ann@example.org"}),
    forged(RESOLVE, "a Sender that would be good", headers={"Sender": "ann@example.org"}),
    forged(
        *(STRANGER, "the requester in Sender, himself in From"),
        headers={"Sender": "rita@example.org"},
        **IS_HELD,
    ),
    # two From fields, or two addresses, prove nobody, whatever else the mail holds
    forged(
        *(ACCEPT, "two From fields, with her own token"),
        to=token_of("rita"),
        edit=second_from,
        **IS_HELD | {"tells": ()},
    ),
    forged(
        *(RESOLVE, "two addresses in From, with the server's good word"),
        sender="ann@example.org, mallory@example.org",
        edit=on_top(f"{AR}: mx.example.org; {DMARC}"),
        tells=(),
    ),
    forged(
        *(ACCEPT, "no From; the envelope names her"),
        edit=no_from,
        envelope_from="rita@example.org",
    ),
    forged(
        *(ACCEPT, "an address within an address is nobody's; the envelope names the forger"),
        edit=lambda raw: raw.replace(
            b"Rita <rita@example.org>", b'"rita@example.org"@evil.example'
        ),
        envelope_from="mallory@example.org",
        **IS_HELD,
    ),
    # look-alikes are other people
    forged(
        *(APPROVE, "a Cyrillic а in the domain"),
        sender="max@exаmple.org",
        **IS_HELD,
    ),
    forged(
        *(APPROVE, "the same in the DNS's spelling"),
        sender="max@xn--exmple-4nf.org",
        **IS_HELD,
    ),
    forged(
        *(APPROVE, "a full-width x in the local part"),
        sender="maｘ@example.org",
        **IS_HELD,
    ),
    forged(
        *(RESOLVE, "a domain that begins like ours"),
        sender="ann@example.org.evil.example",
        **IS_HELD,
    ),
)
RESULTS = (
    # Authentication-Results: our server's own field alone, and only at the top
    forged(
        *(RESOLVE, "in our server's name, below what our server wrote"),
        edit=on_top(
            f"{AR}: mx.example.org; dmarc=fail header.from=example.org",
            f"{AR}: mx.example.org; {DMARC}",
        ),
    ),
    forged(
        *(RESOLVE, "of a foreign server, above ours"),
        edit=on_top(
            f"{AR}: mx.evil.example; {DMARC}",
            f"{AR}: mx.example.org; dmarc=fail header.from=example.org",
        ),
    ),
    forged(RESOLVE, "of a foreign server", edit=on_top(f"{AR}: mx.evil.example; {DMARC}")),
    forged(
        *(APPROVE, "of a name that begins like our server's"),
        edit=on_top(f"{AR}: mx.example.org.evil.example; {DMARC}"),
    ),
    forged(
        *(RESOLVE, "in our server's name, while no server of ours is configured"),
        edit=on_top(f"{AR}: mx.example.org; {DMARC}"),
        trust=(),
    ),
    forged(
        *(APPROVE, "a comment that looks like a verdict"),
        edit=on_top(f"{AR}: mx.example.org; dmarc=none (; {DMARC}) header.from=example.org"),
    ),
    forged(
        *(APPROVE, "a comment that hides whose verdict it is"),
        edit=on_top(f"{AR}: (mx.example.org;) mx.evil.example; {DMARC}"),
    ),
    forged(
        *(RESOLVE, "a verdict in an encoded word"),
        edit=on_top(
            f"{AR}: mx.example.org; spf=none smtp.mailfrom="
            "=?utf-8?q?a=3B_dmarc=3Dpass_header=2Efrom=3Dexample=2Eorg?="
        ),
    ),
    forged(
        *(RESOLVE, "an envelope sender that holds a verdict"),
        edit=on_top(f'{AR}: mx.example.org; spf=pass smtp.mailfrom="; {DMARC}; x="@evil.example'),
        envelope_from=f'"; {DMARC}; x="@evil.example',
    ),
    forged(
        *(ACCEPT, "dmarc=pass of the forger's domain"),
        edit=on_top(f"{AR}: mx.example.org; dmarc=pass header.from=evil.example"),
    ),
    forged(
        *(RESOLVE, "spf=pass of a look-alike's subdomain"),
        edit=on_top(f"{AR}: mx.example.org; spf=pass smtp.mailfrom=example.org.evil.example"),
    ),
    forged(
        *(RESOLVE, "spf=pass of our domain alone says nothing of From"),
        edit=on_top(f"{AR}: mx.example.org; spf=pass smtp.mailfrom=ann@example.org"),
    ),
    forged(
        *(APPROVE, "a good signature of another domain"),
        edit=on_top(f"{AR}: mx.example.org; dkim=pass header.d=evil.example"),
    ),
    forged(
        *(APPROVE, "a good signature of everybody's domain"),
        edit=on_top(f"{AR}: mx.example.org; dkim=pass header.d=org"),
    ),
    forged(
        *(RESOLVE, "a good signature of a customer's subdomain"),
        edit=on_top(f"{AR}: mx.example.org; dkim=pass header.d=shop.example.org"),
    ),
    forged(
        *(RESOLVE, "a good chain of seals is no proof by itself"),
        edit=on_top(f"{AR}: mx.example.org; arc=pass"),
    ),
    forged(
        *(RESOLVE, "what a sealer saw, written by the forger"),
        edit=on_top(f"ARC-{AR}: i=1; mx.example.org; {DMARC}"),
    ),
    forged(
        *(RESOLVE, "a verdict without a server, as Exchange writes it"),
        edit=on_top(f"{AR}: spf=pass smtp.mailfrom=example.org; {DMARC}"),
    ),
    forged(
        *(MERGE, "of a foreign server, for a merge"),
        edit=on_top(f"{AR}: mx.evil.example; {DMARC}"),
    ),
    forged(
        *(LET_IN, "dmarc=pass of the one who wants to be let in"),
        edit=on_top(f"{AR}: mx.example.org; dmarc=pass header.from=evil.example"),
    ),
    forged(
        *(CLOSE, "somebody who logged in to our server, but as whom"),
        edit=on_top(f"{AR}: mx.example.org; auth=pass smtp.auth=mallory"),
    ),
)
TOKENS = (
    # a token proves one person, in one ticket, in one round
    forged(
        *(STRANGER, "her token in a stranger's hands"),
        to=token_of("rita"),
        **IS_HELD,
    ),
    forged(RESOLVE, "an agent's From with the requester's token", to=token_of("rita")),
    forged(ACCEPT, "her From with the agent's token", to=token_of("ann")),
    forged(APPROVE, "the manager's From with the requester's token", to=token_of("rita")),
    forged(
        ACCEPT,
        "her own token of an earlier round",
        to=token_of("rita, round 1"),
        holds_her_token=True,
    ),
    forged(ACCEPT, "a token that is cut", to=token_of("rita", lambda token: token[:-1])),
    forged(ACCEPT, "a token that is padded", to=token_of("rita", lambda token: token + "a")),
    forged(
        *(ACCEPT, "a token with one letter changed"),
        to=token_of("rita", lambda token: ("b" if token[0] == "a" else "a") + token[1:]),
    ),
    forged(ACCEPT, "an empty token", to=lambda _: "desk+@example.org"),
    forged(
        *(ACCEPT, "her token at a foreign host"),
        to=lambda scene: scene.token("rita").replace("@", "@evil.example, desk@"),
    ),
    forged(MERGE, "a merge with the requester's token", to=token_of("rita")),
    forged(SPAM, "her own mails called spam with her token", to=token_of("rita")),
    forged(UNDO, "what is taken back with the requester's token", to=token_of("rita")),
    forged(LET_IN, "let in with the requester's token", to=token_of("rita")),
    forged(UNDO, "the transcript's token, cut", to=token_of("ann", lambda token: token[:-1])),
    forged(
        *(
            CommandHandler(_done, "mallory", "#undo"),
            "the transcript's token in a stranger's hands",
        ),
        to=token_of("ann"),
        **IS_HELD,
    ),
    forged(
        *(
            CommandHandler(_held, "rita", "#cc mallory@example.org"),
            "a requester's command is a comment",
        ),
        to=token_of("rita"),
        becomes=COMMENTED,
        tells=(),
        holds_her_token=True,
    ),
    forged(
        *(CommandHandler(_two, "rita", "#merge MD-1002"), "a requester merges nothing"),
        to=token_of("rita"),
        becomes=COMMENTED,
        tells=(),
        holds_her_token=True,
    ),
    forged(ACCEPT, "her token in the quoted text", quotes_token_of="rita"),
    forged(RESOLVE, "the agent's token in the quoted text", quotes_token_of="ann"),
)
MACHINES = (
    # a machine decides nothing, with whatever token
    forged(
        *(ACCEPT, "an automatic answer with her token"),
        to=token_of("rita"),
        headers={"Auto-Submitted": "auto-replied"},
        **IS_A_MACHINE,
    ),
    forged(
        *(APPROVE, "an automatic answer with the manager's token"),
        to=token_of("max"),
        headers={"Auto-Submitted": "auto-generated"},
        **IS_A_MACHINE,
    ),
    forged(
        *(ACCEPT, "a mail with the null return path and her token"),
        to=token_of("rita"),
        envelope_from="",
        **IS_A_MACHINE,
    ),
    forged(
        *(ACCEPT, "her token by way of a mailing list, where all could read it"),
        to=token_of("rita"),
        headers={"List-Id": "<all.example.org>", "Precedence": "list"},
        holds_her_token=True,
    ),
    forged(
        *(RESOLVE, "an agent's token by way of a mailing list"),
        to=token_of("ann"),
        headers={"List-Id": "<all.example.org>", "Precedence": "list"},
        holds_her_token=True,
    ),
)
NAMING = (
    # who takes no part is not let in, whatever he knows
    forged(
        *(STRANGER, "the subject tag alone"),
        headers={"Subject": "Re: [MD-1001] Printer broken"},
        knows_id=False,
        **IS_ANOTHER,
    ),
    forged(
        *(STRANGER, "a Message-ID in our form"),
        headers={"In-Reply-To": "<md.1001.aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaa@example.org>"},
        knows_id=False,
        **IS_ANOTHER,
    ),
    forged(
        *(STRANGER, "a Message-ID of ours"),
        **IS_HELD,
    ),
    # nobody comes in by a mail that proves nobody
    forged(
        *(COMMENT, "somebody in CC of a comment in her name"),
        headers={"Cc": "mallory@example.org"},
        becomes=COMMENTED,
    ),
    forged(
        *(STRANGER, "himself and another in CC of a held mail"),
        headers={"Cc": "mallory@example.org, max@example.org"},
        **IS_HELD,
    ),
    forged(
        *(NOTE, "what lets a held mail in, in an agent's name"),
        headers={"Cc": "mallory@example.org"},
    ),
    # a subject tag and her name: a comment and no more
    forged(
        *(COMMENT, "the subject tag in her name"),
        headers={"Subject": "Re: [MD-1001] Printer broken"},
        knows_id=False,
        becomes=COMMENTED,
    ),
    forged(
        *(REOPEN, "the subject tag in her name, to a resolved ticket"),
        headers={"Subject": "Re: [MD-1001] Printer broken"},
        knows_id=False,
    ),
)
FORGERIES = (*BARE, *FROM, *RESULTS, *TOKENS, *MACHINES, *NAMING)


def _raw(forgery: Forgery, scene: RuleInput) -> bytes:
    act, headers = forgery.act, dict(forgery.headers)
    if forgery.knows_id:
        victim = act.who if act.who in scene.mails else "rita"
        headers["In-Reply-To"] = scene.id(victim)
    text = act.text
    if forgery.quotes_token_of:
        token = scene.token(forgery.quotes_token_of).partition("+")[2].partition("@")[0]
        text += f"\n\n> Ref: md-{token}\n"
    subject = headers.pop("Subject", "Printer broken")
    raw = scene.world.mail(
        act.who,
        text,
        subject=subject,
        to=forgery.to(scene),
        sender=forgery.sender,
        headers=headers,
        message_id="<forged@evil.example>",
    )
    return forgery.edit(raw)


def _state(ticket: Ticket) -> Ticket:
    """All of the ticket but when it was last written to."""
    return replace(ticket, updated_at=ticket.opened_at)


def _states(world: World, numbers: list[int]) -> list[Ticket]:
    return [_state(world.ticket(number)) for number in numbers]


def _last_is_proven(world: World, number: int) -> bool:
    with world.store.read() as connection:
        return tickets.messages(connection, number)[-1].proven


@pytest.fixture
def world(tmp_path: Path, forgery: Forgery) -> Iterator[World]:
    trust = {"authserv_ids": list(forgery.trust)}
    one_world = build(f"sqlite:///{tmp_path}/desk.db", installation=settings(trust=trust))
    yield one_world
    one_world.close()


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda one: f"{one.act.text}: {one.why}")
def test_a_forgery_acts_in_nobodys_name(world: World, forgery: Forgery) -> None:
    scene = forgery.act.stage(world)
    numbers, said = world.numbers(), world.messages(1001)
    before = _states(world, numbers)
    world.new_letters()
    world.clock.forward(minutes=1)
    world.arrives(_raw(forgery, scene), envelope_from=forgery.envelope_from)
    outgoing_mails = world.new_letters()

    disposition, kind = forgery.becomes
    assert world.disposition() == disposition
    assert _states(world, numbers) == before
    assert (world.numbers() == numbers) is (forgery.becomes != OWN)
    assert [row[0] for row in world.messages(1001)] == [row[0] for row in said] + [kind] * bool(
        kind
    )
    number = world.numbers()[-1] if forgery.becomes == OWN else 1001
    assert _last_is_proven(world, number) is forgery.holds_her_token
    victim = forgery.told or forgery.act.who
    expected = {(ADDRESS[victim], template) for template in forgery.tells}
    if forgery.becomes == COMMENTED:
        expected.add((ADDRESS["ann"], "agent-notification"))
    if forgery.becomes == OWN:
        expected = {
            (ADDRESS["mallory"], "acknowledgement"),
            (ADDRESS["ann"], "agent-notification"),
        }
    assert {
        (outgoing_mail.to, outgoing_mail.template) for outgoing_mail in outgoing_mails
    } == expected


def test_the_table_forges_every_act() -> None:
    acts = {forgery.act.text for forgery in FORGERIES}
    assert len(FORGERIES) >= 75
    assert len(acts) == 17
