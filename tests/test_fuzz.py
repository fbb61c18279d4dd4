"""`python bench/fuzz.py` itself: that it runs, and that what goes wrong in it is seen."""

import json
import multiprocessing
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest

from bench import fuzz, fuzz_mails
from bench.fuzz_letter import Source, attached

FUZZ = Path(fuzz.__file__)


def test_a_short_run_reads_every_mail_and_says_so_in_one_line() -> None:
    command = [sys.executable, str(FUZZ), "--mails", "15", "--seed", "7", "--processes", "1"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    *slowest, line = ran.stdout.splitlines()
    assert (ran.returncode, ran.stderr) == (0, "")
    said = json.loads(line)
    assert (said["run"], said["seed"], said["mails"], said["faults"]) == ("fuzz", 7, 15, 0)
    assert len(slowest) == fuzz.SLOWEST


def test_a_mail_is_written_so_that_one_can_look_at_it(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    command = [sys.executable, str(FUZZ), "--seed", "7", "--only", "3", "--write", str(path)]
    subprocess.run(command, check=True, timeout=120)
    assert path.read_bytes() == fuzz_mails.mail(7, 3, fuzz.mails())[1]


def test_a_reading_process_that_dies_is_a_fault_of_one_mail_and_the_others_are_read() -> None:
    before = set(multiprocessing.active_children())
    running = fuzz.run(7, deque(range(15)), 1)
    first = next(running)
    (process,) = set(multiprocessing.active_children()) - before
    process.kill()
    found = [first, *running]
    assert sorted(one.number for one in found) == list(range(15))
    assert [one.cost.faults for one in found if one.cost.faults] == [("the process died",)]


def test_a_bare_winmail_is_put_into_a_mail_and_taken_often(tmp_path: Path) -> None:
    (tmp_path / "a.tnef").write_bytes(b"\x78\x9f\x3e\x22" + bytes(200))
    (tmp_path / "plain").write_bytes(b"Subject: x\n\nx")
    found = fuzz_mails.load(tmp_path, tmp_path)
    assert b"name=winmail.dat" in found[0]
    assert (len(found), found.count(found[0])) == (1 + fuzz_mails.OFTENER, fuzz_mails.OFTENER)


@pytest.mark.parametrize("number", range(20))
def test_a_change_inside_leaves_the_coding_whole(number: int) -> None:
    raw = attached(Source("x"), b"application/ms-tnef; name=winmail.dat", bytes(range(256)) * 4)
    changed = fuzz_mails._inside(Source(str(number)), raw)
    assert changed != raw
    assert changed.startswith(raw[: raw.rindex(b"\r\n\r\n")])
    assert changed.endswith(b"--b--\r\n")
