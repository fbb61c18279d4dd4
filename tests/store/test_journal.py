"""The journal: no mail is lost, none is worked twice, one bad mail harms no other."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from maildesk.model.mail import Disposition, RawMail, Source, Step
from maildesk.store import journal, tables
from maildesk.store.engine import Store
from maildesk.store.journal import Kept, Original
from tests.rows import write_outcome

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
A, B = "elsewhere/1/1", "elsewhere/2/2"


def imap(uid: int, *, validity: int = 7, mailbox: str = "office", **fields: Any) -> RawMail:
    values: dict[str, Any] = {"source": Source.IMAP, "folder": "INBOX", "uid_validity": validity}
    return _mail(mailbox=mailbox, uid=uid, **(values | fields))


def lmtp(text: str = "Hello.", **fields: Any) -> RawMail:
    return _mail(text=text, source=Source.LMTP, mailbox="door", **fields)


def _mail(*, text: str = "Hello.", **fields: Any) -> RawMail:
    raw = text.encode()
    values = {"size": len(raw), "sha256": hashlib.sha256(raw).hexdigest(), "received_at": NOW}
    return RawMail(raw=raw, **(values | fields))


@dataclass
class Journal:
    """The journal, a transaction for each call."""

    store: Store

    def _write(self, act: Callable[[Connection], Any]) -> Any:
        with self.store.write() as connection:
            return act(connection)

    def keep(self, *mails: RawMail, **options: Any) -> tuple[int, ...]:
        return self._write(lambda c: journal.keep(c, mails, LATER, **options))  # type: ignore[no-any-return]

    def claim(self, worker: str = A, **bounds: Any) -> list[Kept]:
        given = {"mails": 50, "size": 10**6} | bounds
        return self._write(lambda c: journal.claim(c, worker, **given))  # type: ignore[no-any-return]

    def claimed(self, worker: str = A, **bounds: Any) -> list[int]:
        return [kept.id for kept in self.claim(worker, **bounds)]

    def finish(self, id_: int, worker: str = A, **values: Any) -> bool:
        given: dict[str, Any] = {
            "disposition": Disposition.NEW_TICKET,
            "ticket": 1001,
            "message_id": "<1@x>",
            "content_key": "key",
            "steps": [Step("parse", "ok", ("a",), ("b",))],
            "now": LATER,
        }
        return self._write(lambda c: write_outcome(c, id_, worker, **(given | values)))  # type: ignore[no-any-return]

    def fail(self, id_: int, worker: str = A, *, limit: int = 3) -> None:
        self._write(
            lambda c: journal.fail(c, id_, worker, reason="it hurt", limit=limit, now=LATER)
        )

    def do(self, act: Callable[..., Any], *values: Any, **options: Any) -> Any:
        return self._write(lambda c: act(c, *values, **options))

    def row(self, id_: int) -> Any:
        with self.store.read() as connection:
            raw = tables.raw_mail
            return connection.execute(select(raw).where(raw.c.id == id_)).one()

    def ids(self) -> list[int]:
        with self.store.read() as connection:
            raw = tables.raw_mail
            return list(connection.execute(select(raw.c.id).order_by(raw.c.id)).scalars())


@pytest.fixture
def desk(store: Store) -> Journal:
    return Journal(store)


# ---- keep


def test_what_was_kept_comes_back_to_the_byte(desk: Journal) -> None:
    mail = replace(
        imap(5),
        raw=bytes(range(256)),
        envelope_from="",
        envelope_to=("desk@example.org", "help@example.org"),
        peer="192.0.2.1",
        oversized=True,
        uid=2**32 - 1,
        uid_validity=2**32 - 1,
        size=2**33,
    )
    (id_,) = desk.keep(mail)
    (kept,) = desk.claim()
    assert kept == Kept(id=id_, mail=mail, silent=False, attempts=1)
    loaded = desk.do(journal.load, id_)
    assert loaded.mail == mail
    assert desk.do(journal.raw, id_) == bytes(range(256))


def test_a_uid_is_kept_once_however_often_it_is_brought(desk: Journal) -> None:
    first = desk.keep(imap(1), imap(2))
    second = desk.keep(imap(1), imap(2), imap(3))
    assert (len(first), len(second)) == (2, 1)
    assert desk.keep(imap(1), imap(2), imap(3)) == ()
    assert desk.ids() == [*first, *second]
    assert desk.keep() == ()


def test_the_same_uid_is_another_mail_elsewhere(desk: Journal) -> None:
    desk.keep(imap(1))
    others = (imap(1, validity=8), imap(1, mailbox="other"), imap(1, folder="Spam"))
    assert len(desk.keep(*others)) == 3
    assert len(desk.keep(lmtp(), lmtp())) == 2  # a mail without a UID is always another one


def test_ids_and_bytes_belong_together_in_a_mixed_batch(desk: Journal) -> None:
    desk.keep(imap(2))
    mails = [imap(n, text=f"mail {n}") for n in (1, 2, 3)] + [lmtp("mail 4")]
    ids = desk.keep(*mails)
    assert [desk.do(journal.raw, id_) for id_ in ids] == [b"mail 1", b"mail 3", b"mail 4"]


def test_only_mail_of_a_folder_is_to_be_settled(desk: Journal) -> None:
    (at_door,) = desk.keep(lmtp())
    desk.keep(imap(3), imap(1), imap(2), imap(9, validity=8))
    assert desk.row(at_door).settled_at == LATER
    assert desk.do(journal.unsettled, "office", "INBOX", 7) == (1, 2, 3)
    desk.do(journal.settled, "office", "INBOX", 7, [1, 3], LATER)
    assert desk.do(journal.unsettled, "office", "INBOX", 7) == (2,)
    assert desk.do(journal.unsettled, "office", "INBOX", 8) == (9,)


def test_which_uids_are_known(desk: Journal) -> None:
    desk.keep(imap(1), imap(2), imap(3, validity=8), imap(4, folder="Spam"))
    assert desk.do(journal.known, "office", "INBOX", 7, [1, 3, 4, 5]) == {1}
    assert desk.do(journal.known, "office", "INBOX", 7, []) == set()
    assert desk.do(journal.every_uid, "office", "INBOX", 7) == {1, 2}


# ---- the position, and the first look


def test_the_position_is_none_until_it_is_advanced(desk: Journal) -> None:
    place = ("office", "INBOX")
    assert desk.do(journal.position, *place, since=NOW) is None
    assert desk.do(journal.position, *place, since=NOW) is None
    desk.do(journal.advance, *place, 7, 41)
    assert desk.do(journal.position, *place, since=NOW) == (7, 41)
    assert desk.do(journal.position, "office", "Spam", since=NOW) is None


@pytest.mark.parametrize(
    ("received", "silent"),
    [
        (NOW - timedelta(seconds=1), True),  # it lay there before we came
        (NOW, False),
        (NOW + timedelta(seconds=1), False),
    ],
)
def test_the_first_look_at_an_old_folder_is_silent(
    desk: Journal, received: datetime, silent: bool
) -> None:
    desk.do(journal.position, "office", "INBOX", since=NOW)
    desk.do(journal.position, "office", "INBOX", since=LATER)  # later looks change nothing
    desk.keep(imap(1, received_at=received))
    assert desk.claim()[0].silent is silent


def test_silence_is_a_folders_own(desk: Journal) -> None:
    desk.do(journal.position, "office", "Spam", since=LATER)
    desk.keep(imap(1), lmtp(received_at=NOW - timedelta(days=9)))
    assert [kept.silent for kept in desk.claim()] == [False, False]


def test_silence_can_be_asked_for(desk: Journal) -> None:
    desk.keep(lmtp(), silent=True)
    assert desk.claim()[0].silent


# ---- claim


def test_the_oldest_are_claimed_first_and_each_once(desk: Journal) -> None:
    ids = list(desk.keep(*(lmtp() for _ in range(5))))
    assert desk.claimed(mails=2) == ids[:2]
    assert desk.claimed(mails=2, in_hand=ids[:2]) == ids[2:4]
    assert desk.claimed(mails=2, in_hand=ids[:4]) == ids[4:]
    assert desk.claimed(in_hand=ids) == []


def test_what_a_worker_could_not_give_back_it_claims_anew_and_the_attempt_did_not_count(
    desk: Journal,
) -> None:
    """The database failed, and then again when the claim was to be given back."""
    lost, in_hand, done, others = desk.keep(lmtp(), lmtp(), lmtp(), lmtp())
    assert desk.claimed(mails=3) == [lost, in_hand, done]
    desk.finish(done)
    desk.claim(B, mails=50, size=0)
    assert desk.row(lost).worker == B
    desk.do(journal.unclaim, B, [lost])
    assert desk.claimed(in_hand=[in_hand]) == [lost]
    assert (desk.row(lost).attempts, desk.row(in_hand).attempts) == (2, 1)
    assert desk.claimed(in_hand=[in_hand]) == [lost]
    assert desk.row(lost).attempts == 2
    assert (desk.row(done).attempts, desk.row(others).attempts) == (1, 0)


@pytest.mark.parametrize(
    ("sizes", "bound", "taken"),
    [
        ([10, 10, 10], 30, 3),
        ([10, 10, 11], 30, 2),
        ([10, 30, 1], 30, 1),  # in order, whatever would fit behind it
        ([99, 1], 30, 1),  # one that is larger than the bound comes alone, but it comes
        ([1, 99], 30, 1),
    ],
)
def test_a_batch_is_bounded_in_bytes(
    desk: Journal, sizes: list[int], bound: int, taken: int
) -> None:
    desk.keep(*(lmtp("x" * size) for size in sizes))
    assert len(desk.claim(size=bound)) == taken


def test_the_attempt_is_counted_before_the_work(desk: Journal) -> None:
    (id_,) = desk.keep(lmtp())
    assert desk.claim()[0].attempts == 1
    assert (desk.row(id_).attempts, desk.row(id_).worker) == (1, A)


def test_what_another_worker_left_behind_is_claimed_anew(desk: Journal) -> None:
    (id_,) = desk.keep(lmtp())
    desk.claim(A)
    (again,) = desk.claim(B)
    assert (again.id, again.attempts, desk.row(id_).attempts) == (id_, 2, 2)


def test_a_mail_that_was_tried_before_comes_alone(desk: Journal) -> None:
    first, second, third = desk.keep(lmtp(), lmtp(), lmtp())
    assert desk.claimed() == [first, second, third]
    desk.fail(second)
    desk.do(journal.unclaim, A, [first, third])
    assert desk.claimed() == [first]  # the batch ends before the second
    assert desk.claimed(in_hand=[first]) == [second]  # alone
    assert desk.claimed(in_hand=[first, second]) == [third]


# ---- given back


def test_an_attempt_that_did_not_happen_does_not_count(desk: Journal) -> None:
    mine, others, done = desk.keep(lmtp(), lmtp(), lmtp())
    desk.claim(A, mails=1)
    desk.claim(B, mails=1)
    assert desk.row(mine).worker == B  # b took it over: the second attempt
    desk.do(journal.unclaim, A, [mine])  # too late, it is a's no more
    assert desk.row(mine).attempts == 2
    desk.do(journal.unclaim, B, [mine])
    assert (desk.row(mine).attempts, desk.row(mine).worker) == (1, "")
    assert desk.row(others).attempts == 0
    desk.claim(B)
    desk.finish(mine, B)
    desk.do(journal.unclaim, B, [mine])
    assert desk.row(mine).attempts == 2  # worked is worked
    assert done


# ---- finish


def test_a_mail_ends_in_one_disposition_with_its_trace(desk: Journal) -> None:
    (id_,) = desk.keep(lmtp())
    desk.claim()
    assert desk.finish(id_)
    row = desk.row(id_)
    assert (row.state, row.disposition, row.ticket) == ("done", "new-ticket", 1001)
    assert (row.message_id, row.content_key, row.worked_at) == ("<1@x>", "key", LATER)
    assert row.trace == [{"name": "parse", "verdict": "ok", "evidence": ["a"], "rejected": ["b"]}]
    assert desk.claimed(B) == []


def test_only_who_has_claimed_a_mail_finishes_it_and_only_once(desk: Journal) -> None:
    (id_,) = desk.keep(lmtp())
    assert not desk.finish(id_)  # nobody has
    desk.claim(A)
    assert not desk.finish(id_, B)
    assert desk.row(id_).disposition is None
    assert desk.finish(id_, A)
    assert not desk.finish(id_, A, disposition=Disposition.REFUSED)
    assert desk.row(id_).disposition == "new-ticket"


def test_a_lost_claim_finishes_nothing(desk: Journal) -> None:
    (id_,) = desk.keep(lmtp())
    desk.claim(A)
    desk.claim(B)
    assert not desk.finish(id_, A)
    assert desk.finish(id_, B)


# ---- failures


def test_a_mail_that_fails_is_tried_again_and_the_third_time_put_aside(desk: Journal) -> None:
    (id_,) = desk.keep(lmtp("poison"))
    for attempt in (1, 2):
        assert desk.claim()[0].attempts == attempt
        desk.fail(id_)
        row = desk.row(id_)
        assert (row.state, row.worker, row.reason) == ("kept", "", "it hurt")
    desk.claim()
    desk.fail(id_)
    row = desk.row(id_)
    assert (row.state, row.disposition, row.reason) == ("quarantined", "quarantined", "it hurt")
    assert row.worked_at == LATER
    assert desk.claimed() == []
    assert desk.claimed(B) == []
    assert desk.do(journal.raw, id_) == b"poison"  # with its bytes


def test_a_failure_of_a_lost_claim_is_not_counted(desk: Journal) -> None:
    (id_,) = desk.keep(lmtp())
    desk.claim(A)
    desk.claim(B)
    desk.fail(id_, A, limit=1)
    assert (desk.row(id_).state, desk.row(id_).worker) == ("kept", B)


def test_a_success_forgets_the_reason_of_the_failure(desk: Journal) -> None:
    (id_,) = desk.keep(lmtp())
    desk.claim()
    desk.fail(id_)
    desk.claim()
    desk.finish(id_)
    assert desk.row(id_).reason == ""


def test_a_mail_in_whose_attempts_the_daemon_died_is_put_aside(desk: Journal) -> None:
    bad, good = desk.keep(lmtp(), lmtp())
    for worker in ("dead/1/1", "dead/2/2"):
        desk.claim(worker, mails=1)
    assert desk.do(journal.quarantine_worn_out, A, limit=3, now=LATER) == 0
    desk.claim("dead/3/3", mails=1)
    # who has it in hand does not put it aside
    assert desk.do(journal.quarantine_worn_out, "dead/3/3", limit=3, now=LATER) == 0
    assert desk.do(journal.quarantine_worn_out, A, limit=3, now=LATER) == 1
    row = desk.row(bad)
    assert (row.state, row.disposition) == ("quarantined", "quarantined")
    assert "the daemon stopped" in row.reason
    assert desk.claimed() == [good]


def test_out_of_quarantine_a_mail_is_worked_as_if_it_were_new(desk: Journal) -> None:
    bad, good = desk.keep(lmtp(), lmtp())
    desk.claim(mails=1)
    desk.fail(bad, limit=1)
    assert desk.do(journal.replay, bad)
    assert not desk.do(journal.replay, bad)  # it is not in there any more
    assert not desk.do(journal.replay, good)
    row = desk.row(bad)
    assert (row.state, row.disposition, row.attempts, row.worked_at) == ("kept", None, 0, None)
    assert desk.claimed() == [bad, good]


def test_a_mail_in_quarantine_can_be_refused_for_good(desk: Journal) -> None:
    bad, good = desk.keep(lmtp(), lmtp())
    desk.claim(mails=1)
    desk.fail(bad, limit=1)
    assert desk.do(journal.refuse, bad, Step("quarantine", "dropped"))
    assert not desk.do(journal.refuse, good, Step("quarantine", "dropped"))
    assert (desk.row(bad).state, desk.row(bad).disposition) == ("done", "refused")
    assert not desk.do(journal.replay, bad)


def test_there_are_no_bytes_of_an_unknown_mail(desk: Journal) -> None:
    with pytest.raises(LookupError, match="no mail 99 in the journal"):
        desk.do(journal.raw, 99)
    with pytest.raises(LookupError, match="no mail 99 in the journal"):
        desk.do(journal.load, 99)


# ---- twins


@pytest.mark.parametrize(
    ("first", "key", "is_twin"),
    [
        (Disposition.NEW_TICKET, "key", True),
        (Disposition.HELD, "key", True),
        # another content is another mail, whatever its Message-ID
        (Disposition.NEW_TICKET, "other", False),
        # a duplicate is no original
        (Disposition.DUPLICATE, "key", False),
    ],
)
def test_a_mail_that_says_the_same_is_a_twin(
    desk: Journal, first: Disposition, key: str, is_twin: bool
) -> None:
    (one,) = desk.keep(lmtp())
    desk.claim()
    desk.finish(one, disposition=first)
    expected = {key: Original(one, first, 1001)} if is_twin else {}
    assert desk.do(journal.originals, {key, "a third"}) == expected


def test_the_first_of_several_is_the_original(desk: Journal) -> None:
    one, two, three = desk.keep(lmtp(), lmtp(), lmtp())
    desk.claim()
    assert desk.do(journal.originals, {"key"}) == {}  # kept is not worked
    desk.finish(one)
    desk.finish(two)
    desk.finish(three, content_key="other")
    found = desk.do(journal.originals, {"key", "other"})
    assert {key: original.id for key, original in found.items()} == {"key": one, "other": three}
    assert desk.do(journal.originals, set()) == {}


def test_a_mail_put_back_is_not_its_own_twin(desk: Journal) -> None:
    (one,) = desk.keep(lmtp())
    desk.claim()
    desk.finish(one, disposition=Disposition.QUARANTINED)
    assert desk.do(journal.originals, {"key"})["key"].id == one
    assert desk.do(journal.replay, one)
    assert desk.do(journal.originals, {"key"}) == {}
