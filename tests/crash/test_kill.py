"""SIGKILL at every step: the daemon's successor loses nothing and doubles nothing.

A step ends with a commit (tests.crash.sites), so the daemon is killed before and after each
commit it makes; and between commits, where a server has done something nobody wrote down yet.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil

from maildesk.store import tables
from tests.crash.conftest import OpenBox
from tests.crash.scene import LOOK_SECONDS, Box, RuleInput, outgoing_mail, scene
from tests.crash.sites import Site
from tests.crash.warm import KILLED, Running, Warm
from tests.servers import CuttingProxy, wait_until

ROOMS = ("imap", "work", "deliver")
TOGETHER = 2  # trials at a time: the cores of a small machine
REPEATED = 2  # so many times of the same step are walked
MAILS = (
    outgoing_mail("rita", "Printer broken", id="one"),
    outgoing_mail("max", "VPN is down", id="two"),
    outgoing_mail("rita", "Re: Printer broken", id="three", answers="one"),
)
ANSWERS = Counter(
    {
        ("rita@example.org", "acknowledgement"): 1,
        ("max@example.org", "acknowledgement"): 1,
        ("ann@example.org", "agent-notification"): 2,
        ("lee@example.org", "agent-notification"): 1,
        # the answer carries no token: whoever it names is told of it
        ("rita@example.org", "confirmation"): 1,
    }
)

# Steps that every run comes to, and how often at least.
STEPS = Counter(migrate=1, people=1, position=1, keep=1, settled=1, advance=1, hold=2) + Counter(
    claim=1, work=1, lease=1, at_dot=5, record=5
)

# (mails whose fate is uncertain, mails sent twice); elsewhere the daemon may, by chance, be
# between another mail's dot and its record.
FATES = {
    ("at_dot", "after"): (1, 0),  # written down that the dot goes out next; it did not
    ("record", "before"): (1, 1),  # the server took it; that was not written down
}


@contextmanager
def three_mails(folder: Path, box: Box) -> Iterator[RuleInput]:
    """An installation on an empty database, with three mails in its mailbox."""
    with scene(folder, f"sqlite:///{folder}/desk.db", box) as here:
        here.arrive(*MAILS)
        yield here


def lives_on(warm: Warm, here: RuleInput) -> None:
    """A successor works until nothing is left."""
    with warm.running(here.folder, *ROOMS, name="successor", reader="inline"):
        here.wait_until_quiet(len(MAILS))


def doubles(here: RuleInput) -> int:
    """All is as if nobody had been killed; how many mails of ours went out twice, each counted."""
    journal = here.mails()
    assert [row.disposition for row in journal] == ["new-ticket", "new-ticket", "follow-up"]
    assert [row.ticket for row in journal] == [1001, 1002, 1001]
    assert [row.number for row in here.rows(tables.ticket)] == [1001, 1002]
    texts = here.rows(tables.message)
    assert Counter(row.raw_mail_id for row in texts) == Counter(row.id for row in journal)
    assert here.on_server() == (0, 3)
    return _doubles_of(here)


def _doubles_of(here: RuleInput) -> int:
    ours, received = here.outgoing(), here.sink.received()
    assert Counter((row.recipient, row.template) for row in ours) == ANSWERS
    assert {row.state for row in ours} == {"sent"}
    assert received.keys() == {row.message_id for row in ours}
    for row in ours:
        assert row.uncertain in (0, 1)
        assert received[row.message_id] in (1, 1 + row.uncertain)
    return received.total() - len(ours)


def uncertain(here: RuleInput) -> int:
    """How many mails of ours are counted as perhaps sent twice."""
    return sum(row.uncertain for row in here.outgoing())


# ---- at every commit


def sites_of(warm: Warm, folder: Path, box: Box) -> list[Site]:
    """Every commit of a daemon that nobody kills, and each side of it."""
    with three_mails(folder, box) as here:
        with warm.running(folder, *ROOMS, reader="inline") as daemon:
            wait_until(lambda: steps_of(here, daemon) >= STEPS, 30, "every step")
            here.wait_until_quiet(len(MAILS))
            steps = steps_of(here, daemon)
            assert daemon.stop() == 0
        assert doubles(here) == 0
    return [
        Site(step, time, when)
        for step, times in steps.items()
        for time in range(1, min(times, REPEATED) + 1)
        for when in ("before", "after")
    ]


def steps_of(here: RuleInput, daemon: Running) -> Counter[str]:
    """How often the daemon has taken each step so far; that it looked for work is none."""
    log = here.folder / f"{daemon.name}.steps"
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter(line.split()[0] for line in lines if not line.startswith("look"))


def trial(warm: Warm, folder: Path, box: Box, site: Site) -> str:
    """Kill a daemon at the site and let another go on; what is wrong then, or ""."""
    with three_mails(folder, box) as here:
        with warm.running(folder, *ROOMS, name="victim", fatal=site, reader="inline") as victim:
            until = time.monotonic() + 30
            while not victim.has_ended and not here.quiet(len(MAILS)):
                time.sleep(LOOK_SECONDS)
                assert time.monotonic() < until, f"{site} was not reached"
        if victim.status != KILLED:
            return f"{site}: the daemon ended with {victim.status}"
        lives_on(warm, here)
        try:
            fate = (uncertain(here), doubles(here))
            assert fate == FATES.get((site.step, site.when), fate)
        except AssertionError as error:
            return f"{site}: {error}"
    return ""


def walk(warm: Warm, folder: Path, open_box: OpenBox, steps: frozenset[str]) -> list[str]:
    """Every site of these steps (all where there are none given), some at a time."""
    sites = [
        site
        for site in sites_of(warm, folder / "nobody dies", open_box())
        if not steps or site.step in steps
    ]
    boxes = [open_box() for _ in sites]
    with ThreadPoolExecutor(TOGETHER) as pool:
        wrong = pool.map(lambda site, box: trial(warm, folder / str(site), box, site), sites, boxes)
        return [one for one in wrong if one]


def test_killed_before_or_after_any_commit_the_next_daemon_makes_it_good(
    warm: Warm, tmp_path: Path, open_box: OpenBox, imap_steps: frozenset[str]
) -> None:
    assert walk(warm, tmp_path, open_box, imap_steps) == []


# ---- between the commits


def test_killed_when_the_server_has_moved_the_mails_and_we_have_not_heard(
    warm: Warm, tmp_path: Path, open_box: OpenBox
) -> None:
    box = open_box()
    proxy = CuttingProxy(box.port).start()
    with three_mails(tmp_path, box) as here:
        here.configure(imap_port=proxy.port)
        with warm.running(tmp_path, *ROOMS, reader="inline") as victim:
            proxy.rewrite = lambda said: _killing(victim, said, b"COPYUID")
            victim.wait(30)
        proxy.stop()
        assert here.on_server() == (0, 3)
        assert {row.settled_at for row in here.mails()} == {None}
        here.configure()
        lives_on(warm, here)
        assert doubles(here) == uncertain(here)


def _killing(victim: Running, said: bytes, words: bytes) -> bytes:
    """Kill instead of handing on what holds these words."""
    if words not in said:
        return said
    os.kill(victim.pid, signal.SIGKILL)
    return b""


@contextmanager
def killed_at_the_final_dot(warm: Warm, folder: Path, box: Box) -> Iterator[RuleInput]:
    """The SMTP server has the first mail of ours; its answer finds nobody."""
    with three_mails(folder, box) as here:
        with warm.running(folder, *ROOMS, reader="inline") as victim:
            here.sink.on_mail = victim.kill
            victim.wait(30)
        here.sink.on_mail = lambda: None
        yield here


def test_killed_between_the_final_dot_and_its_answer_one_mail_goes_out_twice_and_is_counted(
    warm: Warm, tmp_path: Path, box: Box
) -> None:
    with killed_at_the_final_dot(warm, tmp_path, box) as here:
        lives_on(warm, here)
        assert (uncertain(here), doubles(here)) == (1, 1)


def test_a_mail_whose_answer_was_not_heard_waits_for_evidence_and_says_so(
    warm: Warm, tmp_path: Path, box: Box
) -> None:
    with killed_at_the_final_dot(warm, tmp_path, box) as here:
        here.configure(evidence=600)
        with warm.running(tmp_path, *ROOMS, reader="inline"):
            wait_until(lambda: [row.state for row in here.outgoing()].count("sent") == 5, 30)
        (waiting,) = [row for row in here.outgoing() if row.state != "sent"]
        assert (waiting.state, waiting.uncertain) == ("uncertain", 1)
        assert "after the final dot" in waiting.reason
        assert waiting.next_try is not None
        assert here.sink.received()[waiting.message_id] == 1


def test_killed_twice_at_the_final_dot_the_mail_waits_for_a_person(
    warm: Warm, tmp_path: Path, box: Box
) -> None:
    with killed_at_the_final_dot(warm, tmp_path, box) as here:
        (first,) = here.sink.received()
        with warm.running(tmp_path, *ROOMS, reader="inline") as victim:
            here.sink.on_mail = lambda: here.sink.received()[first] == 2 and victim.kill()
            victim.wait(30)
        here.sink.on_mail = lambda: None
        lives_on(warm, here)
        (waiting,) = [row for row in here.outgoing() if row.state != "sent"]
        assert (waiting.state, waiting.uncertain) == ("uncertain", 2)
        assert here.sink.received()[first] == 2


def test_a_killed_daemon_leaves_no_reading_process_behind(
    warm: Warm, tmp_path: Path, box: Box
) -> None:
    with three_mails(tmp_path, box) as here:
        with warm.running(tmp_path, *ROOMS) as victim:
            here.wait_until_quiet(len(MAILS))
            readers = psutil.Process(victim.pid).children()
            assert readers
        wait_until(lambda: not any(reader.is_running() for reader in readers))
