"""Documentation and code agree, and the documented examples work."""

import inspect
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from maildesk import __version__
from maildesk.cli import build
from maildesk.cli.console.options import rule_faults
from maildesk.config.load import load
from maildesk.config.settings_reference import FILES, settings_page, tables_of
from maildesk.config.shipped import policy_files
from maildesk.config.starter import starter
from maildesk.ingest.intent.commands import read_commands
from maildesk.model.command import COMMANDS
from maildesk.model.decision import Template
from maildesk.outgoing import compose

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
CLI = (ROOT / "docs" / "cli.md").read_text()


def test_the_first_configuration_of_the_readme_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "maildesk.toml").write_text(example)
    (tmp_path / "config").mkdir()
    for file in policy_files():
        (tmp_path / "config" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "secret.key").write_text("k" * 64)
    (tmp_path / "secret.key").chmod(0o600)
    environ = {"MAILDESK_IMAP_PASSWORD": "one", "MAILDESK_SMTP_PASSWORD": "two"}
    config = load(tmp_path / "maildesk.toml", environ)
    assert config.settings.mailbox[0].password.value.get_secret_value() == "one"


def test_the_example_configuration_is_the_one_that_init_writes_and_it_loads(tmp_path: Path) -> None:
    example = (ROOT / "maildesk.toml").read_text()
    again = "python -m maildesk.config.starter > maildesk.toml"
    assert example == starter(), f"run: {again}"
    (tmp_path / "maildesk.toml").write_text(example)
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "secret.key").write_text("k" * 64)
    (tmp_path / "secret.key").chmod(0o600)
    environ = {"MAILDESK_IMAP_PASSWORD": "one", "MAILDESK_SMTP_PASSWORD": "two"}
    assert load(tmp_path / "maildesk.toml", environ, rule_faults).settings.desk.address


def test_the_page_of_settings_is_up_to_date() -> None:
    again = "python -m maildesk.config.settings_reference > docs/settings.md"
    assert (ROOT / "docs" / "settings.md").read_text() == settings_page(), f"run: {again}"


def test_every_setting_has_a_description() -> None:
    nameless = [
        f"{file}: {table.name}.{setting.key}"
        for file, model in FILES
        for table in tables_of(model)
        for setting in table.settings
        if not setting.about
    ]
    assert nameless == []


def commands() -> Iterator[str]:
    for name, command in getattr(get_command(build()), "commands", {}).items():
        verbs = getattr(command, "commands", None)
        yield from (f"{name} {verb}" for verb in verbs) if verbs else (name,)


def test_every_command_is_documented_and_every_documented_one_exists() -> None:
    documented = re.findall(r"^## maildesk (.+)$", CLI, re.MULTILINE)
    assert sorted(documented) == sorted(commands())


def test_every_command_of_an_agent_is_documented_with_an_example_that_is_understood() -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    entries = re.findall(r"^### `(#[^`]+)`\n.*?```\n(.*?)```", page, re.MULTILINE | re.DOTALL)
    assert sorted(usage for usage, _ in entries) == sorted(kind.usage for kind in COMMANDS)
    for usage, example in entries:
        reading = read_commands(example)
        assert (reading.text, reading.wrong) == ("", ()), example
        assert [f"#{one.name}" for one in reading.commands] == [usage.split()[0]]


def test_every_command_of_the_readme_exists() -> None:
    named = set(re.findall(r"^\| `maildesk (\w+)", README, re.MULTILINE))
    assert named <= {command.partition(" ")[0] for command in commands()}


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]))
def test_links_between_pages_work(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    local = [link for link in links if "://" not in link and not link.endswith(".png")]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", ["architecture.md", "contributing.md", "glossary.md"])
def test_the_files_that_a_page_refers_to_exist(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    named = re.findall(r"`((?:maildesk|tests|config|bench|docs)/[\w./-]+)`", text)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_changelog_knows_this_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_every_mail_template_and_every_name_in_it_is_documented() -> None:
    page = (ROOT / "docs" / "templates.md").read_text()
    first, second = page.split("What a template may name:")
    assert re.findall(r"^\| `([a-z-]+)` \|", first, re.MULTILINE) == [str(one) for one in Template]
    named = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`[^|]*) \|", second, re.MULTILINE)))
    body = inspect.getsource(compose).partition("def template_words")[2]
    assert sorted(named) == sorted(re.findall(r'^        "(\w+)":', body, re.MULTILINE))
