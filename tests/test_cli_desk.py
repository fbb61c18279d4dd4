"""The commands that look into a desk, on a desk with a few mails in it."""

import io
import json
import mailbox
from collections.abc import Callable
from getpass import getuser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from maildesk.cli import build
from maildesk.cli.check import PROBES
from maildesk.cli.console.errors import run
from maildesk.config.load import load
from maildesk.processing.runtime import open_runtime
from maildesk.processing.worker import Worker
from maildesk.store.engine import open_store
from tests.world import InlineReaders

Command = Callable[..., tuple[int, str, str]]

PRINTER = (
    b"From: Rita <rita@example.org>\r\nTo: desk@example.org\r\nSubject: Printer broken\r\n"
    b"Message-ID: <one@example.org>\r\n\r\nIt does not print.\r\n"
)
NOBODY = b"Subject: no author\r\n\r\nHello.\r\n"


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


def _work(tmp_path: Path) -> None:
    """What the daemon would do with the mails that were taken in."""
    environ = {"MAILDESK_IMAP_PASSWORD": "one", "MAILDESK_SMTP_PASSWORD": "two"}
    config = load(tmp_path / "desk" / "maildesk.toml", environ)
    store = open_store(config.settings.database)
    worker = Worker(open_runtime(config.settings, config.policy, store), InlineReaders())
    while worker.work():
        pass
    worker.close()
    store.close()


def _file(tmp_path: Path, raw: bytes) -> Path:
    path = tmp_path / "mail.eml"
    path.write_bytes(raw)
    return path


def test_an_imported_mail_can_be_explained_and_its_ticket_shown_and_resolved(
    maildesk: Command, tmp_path: Path
) -> None:
    assert maildesk("ingest", _file(tmp_path, PRINTER))[:2] == (
        0,
        "1 mail stored; `maildesk run` processes them\n",
    )
    _work(tmp_path)
    status, out, _ = maildesk("explain", 1, "--json")
    told = json.loads(out)
    assert (status, told["disposition"], told["ticket"]) == (0, "new-ticket", 1001)
    for name in ("one@example.org", "<one@example.org>"):
        assert maildesk("explain", name, "--json")[1] == out
    assert maildesk("explain", "two@example.org")[0] == 1
    rules = next(step for step in told["steps"] if step["name"] == "rules")
    assert 'rule "Printers" fired' in rules["evidence"]
    assert 'rule "Printers" fired' in maildesk("explain", 1)[1]

    heading, row = maildesk("ticket", "list")[1].splitlines()
    assert heading.split() == [
        *("Ticket", "Status", "Prio", "Age", "Due", "Team", "Assignee", "Requester", "Subject")
    ]
    assert row.split()[:3] == ["MD-1001", "Assign", "P4"]
    assert maildesk("ticket", "list", "--unclassified")[1].startswith("No ticket fits")
    for option in (
        *("--team=first LINE", "--status=assign", "--requester=RITA@example.org"),
        "--search=printer",
    ):
        assert "MD-1001" in maildesk("ticket", "list", option)[1], option
    for option in ("--team=Network", "--assignee=ann@example.org", "--search=100%"):
        assert "MD-1001" not in maildesk("ticket", "list", option)[1], option
    listed = json.loads(maildesk("mail", "list", "--from", "RITA", "--json")[1])
    assert (listed["id"], listed["ticket"]) == (1, 1001)
    assert "MD-1001" in maildesk("mail", "list", "--subject", "printer")[1]
    assert maildesk("mail", "list", "--subject", "nothing like it")[1].startswith("No mail fits")
    assert maildesk("ticket", "show", "MD-1001")[1] == maildesk("ticket", "show", 1001)[1]
    assert maildesk("ticket", "show", "MD-x")[0] == 2
    events = json.loads(maildesk("ticket", "show", 1001, "--json")[1])["history"]
    assert events[0]["event"] == "TicketOpened"
    assert events[0]["values"]["source"] == "mail"
    assert json.loads(maildesk("ticket", "list", "--json")[1])["status"] == "Assign"
    shown = maildesk("ticket", "show", 1001)[1]
    assert "  opened for rita@example.org, by mail  (" in shown
    assert "It does not print." in shown
    assert json.loads(maildesk("ticket", "show", 1001, "--json")[1])["priority"] == "P4"

    assert "  SLA timer first response 1: running, due 20" in shown
    assert not any(word in shown for word in ("Outcome.", "{", "[", "None", "sla_timers"))
    assert maildesk("ticket", "sla", 1001)[1].startswith("first_response 1: running (Standard, off")

    assert maildesk("ticket", "resolve", 1001, "New toner.", "--as", "ann@example.org")[0] == 0
    clock = json.loads(maildesk("ticket", "sla", 1001, "--json")[1].splitlines()[1])
    assert (clock["metric"], clock["outcome"]) == ("resolution", "achieved")
    assert clock["target"] == 40 * 3600
    assert len(clock["parts"]) == 1
    assert maildesk("ticket", "sla", 7)[2] == "maildesk: no ticket 7\n"
    assert "Waiting for Closure" in maildesk("ticket", "list")[1]
    assert maildesk("replay")[:2] == (0, "1 ticket: all match their history\n")

    waiting = [json.loads(line) for line in maildesk("outbox", "list", "--json")[1].splitlines()]
    assert [row["template"] for row in waiting] == [
        "acknowledgement",
        "agent-notification",
        "resolution",
    ]
    assert "Subject: Re: [MD-1001] Printer broken" in maildesk("outbox", "show", 1)[1]
    assert maildesk("outbox", "drop", 1)[0] == 0
    assert maildesk("outbox", "retry", 1)[0] == 0
    assert maildesk("outbox", "retry", 99)[0] == 1


def test_explain_predicts_what_happens_to_a_file(maildesk: Command, tmp_path: Path) -> None:
    status, out, _ = maildesk("explain", _file(tmp_path, PRINTER))
    assert status == 0
    assert "disposition  new-ticket" in out
    assert maildesk("ticket", "list")[1] == "There are no open tickets.\n"


def test_quarantine_is_listed_shown_replayed_and_dropped(maildesk: Command, tmp_path: Path) -> None:
    maildesk("ingest", _file(tmp_path, NOBODY))
    _work(tmp_path)
    assert "neither an author nor a return path" in maildesk("quarantine", "list")[1]
    assert json.loads(maildesk("quarantine", "list", "--json")[1])["id"] == 1
    assert maildesk("quarantine", "show", 1)[1].encode() == NOBODY
    for wrong in ("rita", "a@example.org, b@example.org", "desk@example.org", ""):
        assert maildesk("quarantine", "replay", 1, "--as", wrong)[0] == 1
    assert maildesk("quarantine", "replay", 1)[0] == 0
    assert maildesk("quarantine", "list")[1] == ""
    _work(tmp_path)
    assert maildesk("quarantine", "drop", 1, "--why", "spam")[0] == 0
    dropped = json.loads(maildesk("explain", 1, "--json")[1])
    assert dropped["disposition"] == "refused"
    assert dropped["steps"][-1]["verdict"].startswith(f"dropped by {getuser()} at ")
    assert dropped["steps"][-1]["evidence"] == ["why: spam"]
    status, _, err = maildesk("quarantine", "drop", 1)
    assert (status, err) == (1, "maildesk: mail 1 is not in quarantine\n")


def test_a_mail_of_nobody_is_replayed_as_the_mail_of_its_author(
    maildesk: Command, tmp_path: Path
) -> None:
    maildesk("ingest", _file(tmp_path, NOBODY))
    _work(tmp_path)
    assert maildesk("quarantine", "replay", 1, "--as", "rita@example.org")[0] == 0
    _work(tmp_path)
    assert json.loads(maildesk("explain", 1, "--json")[1])["disposition"] == "new-ticket"


def test_an_mbox_and_a_maildir_are_imported_silently(maildesk: Command, tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "old.mbox")
    box.add(PRINTER)
    box.add(PRINTER.replace(b"one@", b"two@").replace(b"Printer", b"Plotter"))
    box.close()
    folder = mailbox.Maildir(tmp_path / "Maildir")
    folder.add(PRINTER.replace(b"one@", b"three@"))
    status, out, _ = maildesk("ingest", "--silent", tmp_path / "old.mbox", tmp_path / "Maildir")
    assert (status, out) == (0, "3 mails stored; `maildesk run` processes them\n")
    _work(tmp_path)
    assert len(maildesk("ticket", "list")[1].splitlines()) == 4
    _, unclassified = maildesk("ticket", "list", "--unclassified")[1].splitlines()
    assert "Plotter" in unclassified
    assert maildesk("outbox", "list")[1] == ""


def test_importing_the_same_files_again_creates_no_duplicates(
    maildesk: Command, tmp_path: Path
) -> None:
    box = mailbox.mbox(tmp_path / "old.mbox")
    for number in range(130):
        box.add(PRINTER.replace(b"one@", f"{number}@".encode()))
    box.close()
    whole = (tmp_path / "old.mbox").read_bytes()
    (tmp_path / "old.mbox").write_bytes(whole[: len(whole) // 2])  # broken off in the middle
    broken_off = maildesk("ingest", tmp_path / "old.mbox")[1]
    (tmp_path / "old.mbox").write_bytes(whole)
    first = int(broken_off.split()[0])
    status, out, err = maildesk("ingest", tmp_path / "old.mbox")
    assert (status, err) == (0, "")
    cut_short = 1  # the last mail of the half is not the mail it is in the whole
    there = first - cut_short
    assert out == (
        f"{130 - there} mails stored, {there} already in the journal; "
        "`maildesk run` processes them\n"
    )
    assert maildesk("ingest", tmp_path / "old.mbox")[1].startswith("0 mails stored, 130 already")


def test_a_mail_that_is_too_large_is_reported_and_the_others_are_stored(
    maildesk: Command, tmp_path: Path
) -> None:
    toml = tmp_path / "desk" / "maildesk.toml"
    text = toml.read_text().replace("#max_mail_bytes = 26214400", "max_mail_bytes = 1000")
    assert "\nmax_mail_bytes = 1000" in text
    toml.write_text(text)
    folder = tmp_path / "mails"
    folder.mkdir()
    (folder / "1.eml").write_bytes(PRINTER)
    (folder / "2.eml").write_bytes(PRINTER + b"x" * 1000)
    status, out, err = maildesk("ingest", folder)
    assert (status, out) == (1, "1 mail stored; `maildesk run` processes them\n")
    assert "1 mail skipped: larger than desk.max_mail_bytes" in err


def test_an_answer_with_a_wrong_command_does_nothing(
    maildesk: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maildesk("ingest", _file(tmp_path, PRINTER))
    _work(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("#reslove toner\n"))
    status, _, err = maildesk("ticket", "answer", 1001, "--as", "ann@example.org")
    assert status == 1
    assert "#resolve" in err
    assert "Assign" in maildesk("ticket", "list")[1]


def test_a_new_ticket_needs_a_known_source_and_a_requester_other_than_the_desk(
    maildesk: Command,
) -> None:
    asked = ("--subject", "x", "--text", "x", "--as", "ann@example.org")
    status, _, err = maildesk(
        "ticket", "new", "--for", "rita@example.org", "--source", "telepathy", *asked
    )
    assert (status, "telepathy is not a source" in err) == (2, True)
    status, _, err = maildesk("ticket", "new", "--for", "desk@example.org", *asked)
    assert (status, "the address of the helpdesk itself" in err) == (1, True)


def test_a_call_becomes_a_ticket_that_is_handled_on_the_command_line(maildesk: Command) -> None:
    ann = ("--as", "ann@example.org")
    called = ("--for", "rita@example.org", "--source", "phone", "--subject", "printer broken")
    assert maildesk("ticket", "new", *called, "--text", "It smokes.", *ann)[:2] == (0, "MD-1001\n")
    status, out, _ = maildesk("ticket", "set", 1001, "priority=P2", "assign=ann", "tag=vip", *ann)
    assert (status, out.splitlines()[0]) == (0, "#priority: The priority is now P2.")
    status, _, err = maildesk("ticket", "set", 1001, "team=Frist", "tag=hot", *ann)
    assert (status, err) == (
        1,
        'maildesk: not carried out: #team: There is no team "Frist". Known: First line, Network.\n',
    )
    full = (
        "service=Network",
        "type=service request",
        "category=VPN",
        "impact=high",
        "urgency=high",
    )
    assert maildesk("ticket", "set", 1001, *full, *ann)[0] == 0
    assert "MD-1001" not in maildesk("ticket", "list", "--unclassified")[1]
    assert maildesk("ticket", "note", 1001, "He shouts.", *ann)[0] == 0
    assert maildesk("ticket", "close", 1001, *ann)[0] == 1
    assert maildesk("ticket", "resolve", 1001, "Aired the room.", *ann)[0] == 0
    close = ("ticket", "close", 1001, "--note", "No trace of it.", *ann)
    assert 'no closure category "nothing"' in maildesk(*close, "--category", "nothing")[2]
    shown = maildesk("ticket", "show", 1001)[1]
    assert "source            phone" in shown
    assert "assignee: nobody -> ann@example.org  (Ann Archer, console; console)" in shown
    assert '(rule "Printers"; console)' in shown
    assert "assignee          ann@example.org" in shown
    assert "tags              vip, hot" in shown
    assert "(note)\nHe shouts." in shown
    assert "(note)\n\n" not in shown
    assert maildesk(*close, "--category", "not rep")[:2] == (
        0,
        "#close: Closed as Not reproducible. Rita Rossi was notified.\ndone; 1 mail queued\n",
    )
    assert maildesk("replay")[0] == 0


@pytest.mark.parametrize("wrong", ["team", "=x", "team=", "te am=x"])
def test_set_needs_a_command_and_a_value(maildesk: Command, wrong: str) -> None:
    assert maildesk("ticket", "set", 1001, wrong, "--as", "ann@example.org")[0] == 2


def test_check_lists_open_tickets_of_former_agents(
    maildesk: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("imap", "smtp"):
        monkeypatch.setitem(PROBES, name, lambda _config: [])
    called = ("--for", "rita@example.org", "--source", "phone", "--subject", "printer broken")
    maildesk("ticket", "new", *called, "--text", "It smokes.", "--as", "ann@example.org")
    maildesk("ticket", "set", 1001, "assign=ann", "--as", "ann@example.org")
    assert maildesk("check", "--online")[0] == 0
    people = tmp_path / "desk" / "config" / "people.toml"
    people.write_text(people.read_text().replace('members = ["ann@example.org"]', "members = []"))
    status, _, err = maildesk("check", "--online")
    assert status == 1
    assert "ann@example.org is not in any team but has 1 open ticket: MD-1001" in err


def test_only_an_agent_answers(maildesk: Command) -> None:
    status, _, err = maildesk("ticket", "resolve", 1001, "x", "--as", "rita@example.org")
    assert (status, err) == (
        1,
        "maildesk: rita@example.org is not an agent; add the address to a team in people.toml\n",
    )


def test_a_held_mail_is_listed_and_its_sender_added(maildesk: Command, tmp_path: Path) -> None:
    stranger = b"From: mallory@evil.example\r\nTo: desk@example.org\r\nMessage-ID: <two@evil>\r\n"
    stranger += b"In-Reply-To: <one@example.org>\r\n\r\nLet me in.\r\n"
    for raw in (PRINTER, stranger):
        maildesk("ingest", _file(tmp_path, raw))
        _work(tmp_path)
    assert "mallory@evil.example  unproven\n  Let me in." in maildesk("ticket", "held", 1001)[1]
    held = json.loads(maildesk("ticket", "held", 1001, "--json")[1])["id"]
    act = ("ticket", "held", 1001, "--add", held)
    assert maildesk(*act)[0] == 2
    assert maildesk(*act, "--drop", held, "--as", "ann@example.org")[0] == 2
    assert maildesk(*act, "--as", "ann@example.org")[:2] == (0, "done; 0 mails queued\n")
    assert maildesk("ticket", "held", 1001)[1] == ""
    status, _, err = maildesk(*act, "--as", "ann@example.org")
    assert (status, err) == (1, f"maildesk: no mail {held} is held in ticket 1001\n")


def test_a_database_is_backed_up_and_restored(maildesk: Command, tmp_path: Path) -> None:
    maildesk("ingest", _file(tmp_path, PRINTER))
    assert maildesk("db", "backup", tmp_path / "copy.db")[0] == 0
    assert maildesk("db", "backup", tmp_path / "copy.db")[0] == 1
    _work(tmp_path)
    assert maildesk("db", "restore", tmp_path / "copy.db")[0] == 1
    assert maildesk("db", "restore", tmp_path / "copy.db", "--yes")[0] == 0
    assert maildesk("ticket", "list")[1] == "There are no open tickets.\n"
    _work(tmp_path)
    assert "MD-1001" in maildesk("ticket", "list")[1]


def test_an_old_database_is_reported_and_not_changed(maildesk: Command, tmp_path: Path) -> None:
    (tmp_path / "desk" / "maildesk.db").unlink()
    status, _, err = maildesk("ticket", "list")
    assert status == 1
    assert "run `maildesk db upgrade`" in err


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("ticket", "show", 99), 1),  # no such ticket
        (("explain", 99), 1),  # no such mail
        (("explain", "nowhere.eml"), 1),  # no such file
        (("ingest", "nowhere.eml"), 1),
        (("quarantine", "show", 99), 1),
        (("outbox", "show", 99), 1),
        (("run", "--only", "kitchen"), 2),  # no such room
    ],
)
def test_a_missing_thing_is_one_line_on_stderr(
    maildesk: Command, words: tuple[object, ...], status: int
) -> None:
    found, _, err = maildesk(*words)
    assert found == status
    assert err.startswith("maildesk: ")
    assert err.count("\n") == 1


def test_reports_are_tables_json_and_csv(maildesk: Command, tmp_path: Path) -> None:
    formula = PRINTER.replace(b"Printer broken", b"=HYPERLINK(1) broken").replace(b"<one", b"<two")
    again = formula.replace(b"<two", b"<three")
    for raw in (PRINTER, formula, again):
        assert maildesk("ingest", _file(tmp_path, raw))[0] == 0
    _work(tmp_path)
    status, out, _ = maildesk("report", "summary")
    assert (status, out.startswith("Now\n  tickets\n  open     3\n  on hold  0\n")) == (0, True)
    assert "  rita@example.org  3\n" in out
    assert json.loads(maildesk("report", "summary", "--json")[1])["opened"] == 3
    assert json.loads(maildesk("report", "summary", "--since", "1h", "--json")[1])["on_hold"] == 0
    rows = maildesk("report", "summary", "--csv")[1].splitlines()
    assert rows[:3] == ["table,name,tickets", "tickets,open,3", "tickets,on_hold,0"]
    assert any(row.startswith("issue,") for row in rows)
    assert not any(row.startswith("issue,=") for row in rows)

    assert "By profile and team\n  metric" in maildesk("report", "sla")[1]
    line = json.loads(maildesk("report", "sla", "--json")[1])["metrics"][0]
    assert (line["metric"], line["running"], line["p50"]) == ("first_response", 3, None)
    head, first, *_ = maildesk("report", "sla", "--csv")[1].splitlines()
    assert head.startswith("metric,profile,team,achieved,breached,cancelled,running,p50")
    assert first.startswith("first_response,Standard,")
    assert maildesk("report", "sla", "--json", "--csv")[0] == 2
    assert maildesk("report", "summary", "--since", "soon")[0] == 2


def test_a_month_is_simulated_the_same_for_the_same_seed_and_drawn(
    maildesk: Command, tmp_path: Path
) -> None:
    maildesk("ingest", _file(tmp_path, PRINTER))
    _work(tmp_path)
    drawn = tmp_path / "days.svg"
    words = ("simulate", "--days", 30, "--from", "2027-01-04T09:00:00")
    status, table, err = maildesk(*words, "--svg", drawn)
    assert (status, err) == (0, "")
    assert table.startswith("day         opened  closed  breached  escalated  sent\nMon 04 Jan ")
    assert maildesk(*words)[1] == table
    days = [json.loads(line) for line in maildesk(*words, "--json")[1].splitlines()]
    assert (days[0]["date"], days[-1]["date"]) == ("2027-01-04", "2027-02-03")
    root = ElementTree.parse(drawn).getroot()
    assert root.tag.endswith("svg")
    assert "prefers-color-scheme: dark" in drawn.read_text()


def test_an_unreadable_load_is_reported(maildesk: Command, tmp_path: Path) -> None:
    (tmp_path / "mails.jsonl").write_text("soon\n")
    status, _, err = maildesk("simulate", "--load", tmp_path / "mails.jsonl")
    assert (status, "line 1: not an object" in err) == (1, True)
    assert maildesk("simulate", "--load", tmp_path / "none")[0] == 1
    (tmp_path / "mails.jsonl").write_text("")
    status, out, _ = maildesk("simulate", "--days", 2, "--load", tmp_path / "mails.jsonl")
    assert (status, "0 mails received" in out) == (0, True)


def test_a_simulation_uses_people_that_no_daemon_has_loaded_yet(
    maildesk: Command, tmp_path: Path
) -> None:
    mail = {
        "at": "2027-01-04T10:00:00",
        "sender": "rita@example.org",
        "subject": "New laptop please",
        "text": "Mine is old.",
    }
    (tmp_path / "mails.jsonl").write_text(json.dumps(mail))
    words = ("simulate", "--days", 1, "--from", "2027-01-04T09:00:00", "--json")
    status, out, _ = maildesk(*words, "--load", tmp_path / "mails.jsonl")
    sent = json.loads(out.splitlines()[0])["sent"]
    assert (status, sent) == (0, {"acknowledgement": 1, "approval": 1})
    people = tmp_path / "desk" / "config" / "people.toml"
    people.write_text(people.read_text().replace('manager = "max@example.org"', ""))
    approvals = tmp_path / "desk" / "config" / "approvals.toml"
    approvals.write_text(approvals.read_text().replace('fallback = "max@example.org"', ""))
    _, out, _ = maildesk(*words, "--load", tmp_path / "mails.jsonl")
    assert "approval" not in json.loads(out.splitlines()[0])["sent"]
    assert maildesk("people", "list", "--json")[1].count("people.toml") == 4  # and are still there


def test_reports_by_mail_are_listed_and_sent(maildesk: Command, tmp_path: Path) -> None:
    assert maildesk("report", "scheduled")[:2] == (0, "")
    status, _, err = maildesk("report", "send", "Weekly report")
    assert (status, err) == (
        1,
        "maildesk: unknown report Weekly report: add a [[report]] to config/reports.toml\n",
    )
    with (tmp_path / "desk" / "config" / "reports.toml").open("a") as file:
        file.write('[[report]]\nname = "Weekly report"\nto = "max@example.org"\n')
    line = json.loads(maildesk("report", "scheduled", "--json")[1])
    assert (line["name"], line["to"], line["next"][11:]) == (
        "Weekly report",
        ["max@example.org"],
        "08:00:00+00:00",
    )
    assert "Weekly report (every monday) to max@example.org" in maildesk("report", "scheduled")[1]
    assert "configured reports: Weekly report" in maildesk("report", "send", "Monthly report")[2]
    assert (
        "no known person has the address"
        in maildesk("report", "send", "Weekly report", "--to", "x@y.z")[2]
    )
    assert maildesk("report", "send", "Weekly report", "--to", "ann@example.org")[:2] == (
        0,
        "report queued; `maildesk run` sends it\n",
    )
    maildesk("report", "send", "Weekly report")
    rows = maildesk("outbox", "list", "--json")[1].splitlines()
    assert [json.loads(row)["recipient"] for row in rows] == ["ann@example.org", "max@example.org"]
