"""`maildesk template`, and what `check` says about templates that an administrator wrote."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from maildesk.cli import build
from maildesk.cli.console.errors import run
from maildesk.config.mail_templates import LARGEST, read_overrides
from maildesk.model.decision import Template

Maildesk = Callable[..., tuple[int, str, str]]


@pytest.fixture
def maildesk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Maildesk:
    """The command in an empty folder: no secret, no database, not even a maildesk.toml."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        status = run(build(["template"]), ["template", *arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return command


def override(folder: Path, name: str, text: str | bytes) -> Path:
    """config/templates/mail/NAME with this text."""
    path = folder / "config" / "templates" / "mail" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_every_template_is_listed_with_its_overrides(maildesk: Maildesk, tmp_path: Path) -> None:
    override(tmp_path, "reply.de.txt", "Hallo")
    override(tmp_path, "layout.html", '{% extends "maildesk/layout.html" %}')
    status, out, _ = maildesk("list")
    lines = out.splitlines()
    assert status == 0
    assert [line.split()[0] for line in lines[:-1]] == [str(one) for one in Template]
    assert [line for line in lines if "reply" in line] == [f"{'reply':20} reply.de.txt"]
    assert lines[-1] == "shared: layout.html"
    rows = [json.loads(line) for line in maildesk("list", "--json")[1].splitlines()]
    assert {
        "name": "reply",
        "files": ["reply.txt", "reply.html"],
        "overrides": ["reply.de.txt"],
    } in rows


@pytest.mark.parametrize("template", Template)
def test_every_template_has_a_preview_in_both_formats(
    maildesk: Maildesk, tmp_path: Path, template: Template
) -> None:
    page = tmp_path / "page.html"
    status, out, _ = maildesk("preview", template, "--html", str(page))
    assert status == 0
    assert "Service Desk\ndesk@example.org" in out
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert "None" not in out + page.read_text()


def test_a_preview_shows_the_override_of_the_language(maildesk: Maildesk, tmp_path: Path) -> None:
    override(
        tmp_path,
        "closure.de.txt",
        "Erledigt{% if ticket.closed_at %} am {{ ticket.closed_at|day }}{% endif %}",
    )
    assert maildesk("preview", "closure", "--lang", "de")[1] == "Erledigt am 23 November 2026"
    assert "Your request is closed" in maildesk("preview", "closure")[1]


def test_the_source_of_a_template_is_printed(maildesk: Maildesk, tmp_path: Path) -> None:
    assert '{% extends "layout.txt" %}' in maildesk("show", "reply.txt")[1]
    both = maildesk("show", "reply")[1]
    assert "{# reply.txt #}" in both
    assert "{# reply.html #}" in both
    assert "<!DOCTYPE html>" in maildesk("show", "layout.html")[1]
    override(tmp_path, "reply.txt", "Mine")
    assert maildesk("show", "reply.txt")[1] == "Mine"
    assert "extends" in maildesk("show", "reply.txt", "--shipped")[1]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        pytest.param(("preview", "repyl"), "did you mean reply?", id="nearly a name"),
        pytest.param(("preview", "x"), "`maildesk template list` shows them", id="far from any"),
        pytest.param(("show", "replyy.html"), "did you mean reply.html?", id="nearly a file"),
        pytest.param(("preview", "reply.txt"), "did you mean reply?", id="a file is no mail"),
    ],
)
def test_an_unknown_template_is_named(
    maildesk: Maildesk, arguments: tuple[str, ...], hint: str
) -> None:
    status, _, err = maildesk(*arguments)
    assert status == 1
    assert hint in err


def test_a_file_that_cannot_be_written_is_an_error(maildesk: Maildesk, tmp_path: Path) -> None:
    status, _, err = maildesk("preview", "reply", "--html", str(tmp_path))
    assert (status, str(tmp_path) in err) == (1, True)


def test_a_broken_override_is_named_and_not_shown(maildesk: Maildesk, tmp_path: Path) -> None:
    override(tmp_path, "reply.txt", "Dear {{ recipent.name }}")
    status, _, err = maildesk("preview", "reply")
    assert status == 2
    assert "reply.txt:1: 'recipent' is undefined" in err


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        pytest.param(
            "reply.txt", "one\n\n{{ recipent }}", "reply.txt:3: 'recipent' is undefined",
            id="a misspelt variable",
        ),
        pytest.param(
            "reply.de.html", "{{ ticket.nmber }}",
            "reply.de.html:1: 'maildesk.model.ticket.Ticket object' has no attribute 'nmber'",
            id="a misspelt field, in one language",
        ),
        pytest.param(
            "closure.txt", "a\n{{ ticket.closed_at|day }}", "closure.txt:2: ",
            id="a value that may be missing",
        ),
        pytest.param(
            "layout.html", "a\n{{ nothing }}", "layout.html:2: 'nothing' is undefined",
            id="a template that others share",
        ),
        pytest.param(
            "parts.html", "", "parts.html", id="a shared template that lacks what others use",
        ),
        pytest.param(
            "update.txt", "{% if %}", "update.txt:1: is not a template: Expected an expression",
            id="a broken tag",
        ),
        pytest.param(
            "update.txt", "{% if note %}", "update.txt:1: is not a template: Unexpected end",
            id="a tag without its end",
        ),
        pytest.param(
            "update.txt", "{{ note|shout }}", "update.txt:1: is not a template: No filter named",
            id="a filter that is not there",
        ),
        pytest.param(
            "update.txt", '{% extends "base.txt" %}', "update.txt:1: names the template base.txt",
            id="a template that is not there",
        ),
        pytest.param(
            "update.txt", '{{ t("update.no-such") }}', "update.txt:1: there is no message",
            id="a message that is not there",
        ),
        pytest.param(
            "update.txt",
            "{% for a in range(99999) %}\n{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "update.txt:2: the template needs more than",
            id="a loop without an end",
        ),
        pytest.param(
            "update.txt", "{% for a in range(19999) %}" + "x" * 100 + "{% endfor %}",
            "update.txt: the mail is longer than", id="a huge mail",
        ),
        pytest.param(
            "replies.txt", "x",
            "replies.txt: maildesk has no such mail template; did you mean reply.txt?",
            id="a name that is nearly right",
        ),
        pytest.param(
            "zzzz.txt", "x",
            "zzzz.txt: maildesk has no such mail template; `maildesk template list`",
            id="a name far from any",
        ),
        pytest.param(
            "layout.de.html", "x", "layout.de.html: only a mail has a file for one language",
            id="a language of a shared template",
        ),
        pytest.param("reply.txt", b"a\n\xff", "reply.txt:2: is not UTF-8", id="bad bytes"),
        pytest.param("reply.txt", "x" * (LARGEST + 1), "reply.txt: is larger", id="a huge file"),
    ],
)  # fmt: skip
def test_what_check_says_about_an_override(
    tmp_path: Path, name: str, text: str | bytes, says: str
) -> None:
    override(tmp_path, name, text)
    _, findings = read_overrides(tmp_path / "config")
    assert [says in str(one) for one in findings][:1] == [True], findings


def test_a_folder_in_the_place_of_a_template_is_named(tmp_path: Path) -> None:
    override(tmp_path, "reply/mail.txt", "x")
    _, (finding,) = read_overrides(tmp_path / "config")
    assert "reply: is not a file" in str(finding)


def test_what_editors_leave_behind_is_passed_over(tmp_path: Path) -> None:
    override(tmp_path, ".reply.txt.swp", b"\xff")
    override(tmp_path, "reply.txt~", "x")
    assert read_overrides(tmp_path / "config") == ({}, [])


def test_every_template_of_the_package_is_a_good_override(
    tmp_path: Path, maildesk: Maildesk
) -> None:
    names = [f"{one}.{kind}" for one in Template for kind in ("txt", "html")]
    for name in [*names, "layout.txt", "layout.html", "closing.html", "figures.txt", "plots.html"]:
        override(tmp_path, name, maildesk("show", name, "--shipped")[1])
    found, findings = read_overrides(tmp_path / "config")
    assert findings == []
    assert len(found) == len(names) + 5
