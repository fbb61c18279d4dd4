"""The command line: exit status, one line an error, JSON lines, nothing overwritten."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest
import typer

from maildesk import __version__
from maildesk.cli import build
from maildesk.cli.check import PROBES
from maildesk.cli.console.errors import CommandFailed, run, to_the_front
from maildesk.model.finding import Finding
from tests.config.desk_files import ENVIRON, edited, write

MAIL = b"From: Rita <rita@example.org>\r\nSubject: Printer\r\n\r\nIt is on fire.\r\n"

# DESIGN §8: the keys of `parse --json`, in order.
CONTRACT = (
    *("path", "subject", "from", "to", "cc", "reply_to", "date", "message_id", "in_reply_to"),
    *("references", "text", "reply_text", "html", "attachments", "kind", "bounce", "defects"),
)

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def environ(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)


def maildesk(*arguments: str | Path) -> int:
    return run(build(), [str(argument) for argument in arguments])


# ---- init


def test_init_writes_a_configuration_that_check_accepts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILDESK_IMAP_PASSWORD", "one")
    monkeypatch.setenv("MAILDESK_SMTP_PASSWORD", "two")
    assert maildesk("init", tmp_path / "desk") == 0
    assert maildesk("check", "--config", tmp_path / "desk" / "maildesk.toml") == 0


def test_every_commented_setting_of_the_starter_is_valid_when_uncommented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert maildesk("init", tmp_path) == 0
    text = (tmp_path / "maildesk.toml").read_text()
    (tmp_path / "maildesk.toml").write_text(
        "\n".join(line.removeprefix("#") if line[1:2] != " " else line for line in text.split("\n"))
    )
    (tmp_path / "ca.pem").touch()
    for name in ("MAILDESK_IMAP_PASSWORD", "MAILDESK_SMTP_PASSWORD", "MAILDESK_DATABASE_PASSWORD"):
        monkeypatch.setenv(name, "set")
    monkeypatch.setenv("MAILDESK_EVENTS_KEY", "k" * 32)
    assert maildesk("check", "--config", tmp_path / "maildesk.toml") == 0


def test_the_signing_key_is_new_and_readable_only_by_its_owner(tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        maildesk("init", tmp_path / name)
        key = tmp_path / name / "secret.key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        keys.add(key.read_text())
    assert len(keys) == 2


def test_init_overwrites_nothing(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "rules.toml").write_text("mine")
    assert maildesk("init", tmp_path) == 1
    assert "rules.toml: already exists; nothing was written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["rules.toml"]


# ---- check


def test_check_of_a_wrong_configuration_prints_each_finding_and_exits_2(
    tmp_path: Path, capsys: Output
) -> None:
    write(tmp_path, edited("maildesk.toml", "port = 2424", 'port = "x"\nnmae = 1'))
    assert maildesk("check", "--config", tmp_path / "maildesk.toml") == 2
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert [line.partition("maildesk.toml")[2][:4] for line in lines] == [":13:", ":14:"]
    assert printed.out == ""


def test_check_reports_errors_in_the_cel_of_a_rule(tmp_path: Path, capsys: Output) -> None:
    path = write(tmp_path, edited("config/rules.toml", "mail.subject", "mail.subjct"))
    assert maildesk("check", "--config", path) == 2
    assert "rules.toml:3: rule#1.when: column 1: there is no name" in capsys.readouterr().err


def test_check_names_the_people_for_whom_nobody_approves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setenv("MAILDESK_IMAP_PASSWORD", "one")
    monkeypatch.setenv("MAILDESK_SMTP_PASSWORD", "two")
    assert maildesk("init", tmp_path) == 0
    assert maildesk("--config", tmp_path / "maildesk.toml", "check") == 0
    assert (
        "max@example.org approves for 3 people without a reporting manager"
        in capsys.readouterr().out
    )
    approvals = tmp_path / "config" / "approvals.toml"
    approvals.write_text(approvals.read_text().replace("fallback =", "# fallback ="))
    assert maildesk("--config", tmp_path / "maildesk.toml", "check") == 1
    assert (
        "nobody approves for 3 people without a reporting manager: Ann A" in capsys.readouterr().err
    )


def test_check_json_prints_one_object_per_finding(tmp_path: Path, capsys: Output) -> None:
    path = write(tmp_path, edited("maildesk.toml", "port = 2424", 'port = "x"'))
    assert maildesk("--config", path, "check", "--json") == 2
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["file"], found["line"], found["key"]) == (str(path), 13, "listener#1.port")


@pytest.mark.parametrize(
    ("probe", "status", "out", "err"),
    [
        # what the server says is good goes to stdout
        (Finding(key="imap", what="logged in", good=True), 0, "imap: logged in", ""),
        (Finding(key="imap", what="refused", remedy="look"), 1, "", "imap: refused; look"),
        # a probe that breaks is a finding and stops no other probe
        (OSError("no route"), 1, "", "imap: OSError: no route"),
    ],
)
def test_check_online_reports_the_results_of_its_probes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
    probe: Finding | OSError,
    status: int,
    out: str,
    err: str,
) -> None:
    def ask(_config: object) -> list[Finding]:
        if isinstance(probe, OSError):
            raise probe
        return [probe]

    monkeypatch.setitem(PROBES, "imap", ask)
    for name in set(PROBES) - {"imap"}:
        monkeypatch.delitem(PROBES, name)
    assert maildesk("check", "--online", "--config", write(tmp_path)) == status
    printed = capsys.readouterr()
    assert out in printed.out
    assert err in printed.err


# ---- parse


def test_parse_keeps_the_order_given_and_sorts_folders(tmp_path: Path, capsys: Output) -> None:
    for name in ("z.eml", "box/b.eml", "box/a/c.eml", "box/.hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(MAIL)
    assert maildesk("parse", "--json", tmp_path / "z.eml", tmp_path / "box") == 0
    read = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["path"].removeprefix(f"{tmp_path}/") for one in read] == [
        "z.eml",
        "box/.hidden",
        "box/a/c.eml",
        "box/b.eml",
    ]
    assert read[0]["subject"] == "Printer"


def test_parse_reads_the_other_files_if_a_path_is_missing_and_exits_1(
    tmp_path: Path, capsys: Output
) -> None:
    (tmp_path / "mail").write_bytes(MAIL)
    assert maildesk("parse", "--json", tmp_path / "no", tmp_path / "mail") == 1
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1
    (line,) = printed.err.splitlines()
    assert (
        line
        == f"maildesk: {tmp_path}/no: No such file or directory; give the path of a readable file"
    )


@pytest.mark.parametrize("raw", [b"", b"\0", bytes(range(256)) * 9, b"Subject: =?x?q?=FF?=\n"])
def test_parse_never_fails_on_a_file_that_exists(
    tmp_path: Path, capsys: Output, raw: bytes
) -> None:
    path = tmp_path / os.fsdecode(b"m\xff\n.eml")
    path.write_bytes(raw)
    assert maildesk("parse", "--json", path) == 0
    assert tuple(json.loads(capsys.readouterr().out)) == CONTRACT


def test_parse_prints_no_control_characters(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "mail").write_bytes(MAIL.replace(b"on fire", b"\x1b[2Jgone"))
    assert maildesk("parse", tmp_path / "mail") == 0
    printed = capsys.readouterr().out
    assert "subject: Printer" in printed
    assert "\x1b" not in printed


# ---- the edge


def test_version(capsys: Output) -> None:
    assert maildesk("--version") == 0
    assert capsys.readouterr().out == f"maildesk {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["chek"], ["parse"], ["parse", "--jsn", "x"], ["init"], ["--config"]]
)
def test_wrong_usage_is_one_line_and_exit_2(arguments: list[str], capsys: Output) -> None:
    assert maildesk(*arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("maildesk: ")
    assert line.endswith("--help`")


def test_global_options_may_follow_the_command() -> None:
    assert to_the_front(["check", "--config", "a b", "--json", "--debug"]) == [
        *("--config", "a b", "--debug"),
        *("check", "--json"),
    ]
    assert to_the_front(["check", "--config=x"]) == ["--config=x", "check"]
    assert to_the_front(["parse", "--", "--debug"]) == ["parse", "--", "--debug"]


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (CommandFailed("the mail is gone; look in the ledger"), 1, "maildesk: the mail is gone; "),
        (
            OSError("disk full"),
            1,
            "maildesk: OSError: disk full; run with --debug to see the traceback",
        ),
        (ValueError("two\nlines"), 1, "maildesk: ValueError: two lines; run with --debug"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_error_is_one_line_and_a_traceback_only_with_debug(
    error: BaseException, status: int, line: str, capsys: Output
) -> None:
    broken = typer.Typer()

    @broken.command()
    def fail(_debug: Annotated[bool, typer.Option("--debug")] = False) -> None:
        raise error

    assert run(broken, []) == status
    assert capsys.readouterr().err.startswith(line)
    assert run(broken, ["--debug"]) == status
    assert ("Traceback" in capsys.readouterr().err) == isinstance(error, Exception)


def test_a_closed_pipe_is_not_an_error(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"{number}.eml").write_bytes(MAIL + b"x" * 2000)
    process = subprocess.Popen(
        [sys.executable, "-m", "maildesk", "parse", "--json", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
