"""`maildesk rules` and `maildesk workflow` on a fresh installation."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from maildesk.cli import build
from maildesk.cli.console.errors import run

Command = Callable[..., tuple[int, str, str]]

VPN = (
    b"From: Rita <rita@example.org>\r\nTo: desk@example.org\r\nSubject: VPN is down\r\n"
    b"Message-ID: <one@example.org>\r\n\r\nSince this morning.\r\n"
)


@pytest.fixture
def maildesk(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Runs a command on a fresh installation; its status, stdout and stderr."""
    folder = tmp_path / "desk"
    monkeypatch.setenv("MAILDESK_IMAP_PASSWORD", "one")
    monkeypatch.setenv("MAILDESK_SMTP_PASSWORD", "two")

    def command(*words: object) -> tuple[int, str, str]:
        arguments = ["--config", str(folder / "maildesk.toml"), *(str(word) for word in words)]
        status = run(build(), arguments)
        out, err = capfdbinary.readouterr()
        return status, out.decode(), err.decode()

    assert command("init", folder)[0] == 0
    assert command("db", "upgrade")[0] == 0
    return command


def edit(tmp_path: Path, file: str, old: str, new: str) -> None:
    path = tmp_path / "desk" / "config" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_shipped_rules_are_valid_and_their_tests_pass(maildesk: Command) -> None:
    status, out, err = maildesk("rules", "check")
    assert (status, err) == (0, "")
    assert out.endswith("5 rules valid; 2 tests passed\n")
    assert json.loads(maildesk("rules", "check", "--json")[1])["differences"] == []


def test_a_failed_rule_test_is_shown(maildesk: Command, tmp_path: Path) -> None:
    edit(tmp_path, "rules.toml", 'expect = { team = "Network", urgency', 'expect = { team = "x", u')
    edit(tmp_path, "rules.toml", '"x", u =', '"x", urgency =')
    status, _, err = maildesk("rules", "check")
    assert status == 1
    assert "team is 'Network', expected 'x'" in err


# what stands in the shipped file, what stands there instead, the line of the file under which the
# caret is, and its column
MISTAKES = (
    ('mail.subject.matches("(?i)\\\\b(vpn', 'mail.subjct.matches("(?i)\\\\b(vpn', 0),
    ('mail.subject.matches("(?i)\\\\b(vpn', 'mail.subject.matchs("(?i)\\\\b(vpn', 13),
    ('mail.subject.matches("(?i)\\\\b(vpn', 'mail.subject.matches("(?i\\\\b(vpn', 21),
    ('mail.subject.matches("(?i)\\\\b(vpn', 'mail.to.matches("(?i)\\\\b(vpn', 15),
    ('mail.subject.matches("(?i)\\\\bprint', 'true && mail.cc.contains("(?i)\\\\bprint', 24),
    ("""'ticket.team == ""'""", "'ticket.team == 1'", 12),
    ("""'ticket.team == ""'""", "'ticket.taem == 1'", 0),
    ("""'ticket.team == ""'""", "'ticket.team = 1'", 12),
    ("""'ticket.team == ""'""", "'ticket.team =='", 14),
    ("""'ticket.team == ""'""", "'ticket.team'", 0),
    ("""'ticket.team == ""'""", "'!ticket.team'", 0),
    ("""'ticket.team == ""'""", "'today() == 1'", 0),
    ("""'ticket.team == ""'""", "'ticket.tags == \"x\"'", 12),
)


@pytest.mark.parametrize(("old", "new", "column"), MISTAKES, ids=[m[1][:40] for m in MISTAKES])
def test_a_mistake_is_marked_by_a_caret_under_its_column(
    maildesk: Command, tmp_path: Path, old: str, new: str, column: int
) -> None:
    edit(tmp_path, "rules.toml", old, new)
    text = (tmp_path / "desk" / "config" / "rules.toml").read_text()
    line = text[: text.index(new)].count("\n") + 1
    status, out, err = maildesk("rules", "check")
    first, source, caret = err.splitlines()[:3]
    assert (status, out) == (2, "")
    assert f"rules.toml:{line}: rule#" in first
    assert source.startswith("    ")
    assert caret == " " * (4 + column) + "^"


def test_try_shows_the_result_of_every_rule(maildesk: Command, tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(VPN)
    before = (tmp_path / "desk" / "maildesk.db").read_bytes()
    status, out, _ = maildesk("rules", "try", tmp_path / "mail.eml")
    assert status == 0
    assert "+ Network trouble goes to the network team\n    holds: " in out
    assert "    -> team = Network\n" in out
    assert "- Printers\n    not looked at: 'Network trouble" in out
    lines = maildesk("rules", "try", tmp_path / "mail.eml", "--json")[1].splitlines()
    assert [json.loads(line)["fired"] for line in lines].count(True) == 1
    assert (tmp_path / "desk" / "maildesk.db").read_bytes() == before


def test_a_missing_file_is_reported(maildesk: Command, tmp_path: Path) -> None:
    assert maildesk("rules", "try", tmp_path / "no.eml")[0] == 1


def test_other_rules_are_evaluated_on_the_journal(maildesk: Command, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text((tmp_path / "desk" / "config" / "rules.toml").read_text())
    status, out, _ = maildesk("rules", "backtest", "--since", "30d", "--rules", other)
    assert (status, out) == (0, "0 mails evaluated with both rule sets; 0 tickets would differ\n")
    status, out, _ = maildesk("rules", "backtest", "--since", "30d")
    assert (status, out) == (
        0,
        "0 mails evaluated with the current rules; 0 tickets would differ\n",
    )
    assert maildesk("rules", "backtest", "--since", "soon", "--rules", other)[0] == 2
    other.write_text('[[rule]]\nname = "x"\nwhen = "tru"\n')
    status, _, err = maildesk("rules", "backtest", "--since", "30d", "--rules", other)
    assert status == 2
    assert "other.toml:3: rule#1.when: column 1: there is no name 'tru'" in err


def test_the_shipped_workflow_is_checked_and_drawn(maildesk: Command, tmp_path: Path) -> None:
    status, out, _ = maildesk("workflow", "check")
    assert status == 0
    assert "11 statuses: all are reachable, and every path can end in Closed" in out
    assert json.loads(maildesk("workflow", "check", "--json")[1])["statuses"] == 11
    assert maildesk("workflow", "draw", tmp_path / "w.svg")[0] == 0
    assert (tmp_path / "w.svg").read_text().startswith("<svg ")
    assert maildesk("workflow", "draw", "--mermaid")[1].startswith("stateDiagram-v2\n")


def test_an_error_in_the_workflow_is_reported_with_its_line(
    maildesk: Command, tmp_path: Path
) -> None:
    edit(tmp_path, "workflow.toml", 'from = ["Waiting for Closure", "Rejected"]', 'from = "New"')
    status, _, err = maildesk("workflow", "check")
    assert status == 2
    assert '"Rejected" is a trap: no move leads out of it' in err
    assert "workflow.toml:" in err
