"""What a right configuration becomes, and that no secret gets out."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from maildesk.config.load import ConfigErrors
from maildesk.config.shipped import policy_files
from maildesk.config.toml_positions import line_numbers, line_of
from tests.config.desk_files import FILES, edited, findings, loaded, write

CANARY = "canary-7f3a9c"


def test_secrets_are_filled_and_paths_are_absolute(tmp_path: Path) -> None:
    write(tmp_path)
    config = loaded(tmp_path)
    assert config.settings.mailbox[0].password.value.get_secret_value() == "correct horse"
    assert config.settings.secrets.keys() == (b"k" * 32,)
    assert config.settings.database.url == f"sqlite:///{tmp_path}/maildesk.db"
    assert config.settings.policy == tmp_path / "config"
    assert config.settings.web.base_url == "https://desk.example.org"
    assert config.folder == tmp_path


def test_it_is_frozen(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(ValidationError, match="frozen"):
        loaded(tmp_path).settings.desk.name = "other"  # type: ignore[misc]


def test_the_shipped_policy_is_valid(tmp_path: Path) -> None:
    write(tmp_path, {f"config/{path.name}": path.read_text() for path in policy_files()})
    assert findings(tmp_path) == []


WORDS = ("first", "second")


def test_errors_of_the_rule_compiler_are_reported_with_file_and_line(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(ConfigErrors) as caught:
        loaded(
            tmp_path, lambda rules: [(rules.rule[0].name, w, 1, "") for w in ("first", "second")]
        )
    assert [str(one).partition("config/")[2] for one in caught.value.findings] == [
        "rules.toml:3: rule#1.when: first",
        "rules.toml:3: rule#1.when: second",
        # the profiles of sla.toml are asked in the same way
        "sla.toml:20: profile#1.when: first",
        "sla.toml:20: profile#1.when: second",
    ]


def test_a_secret_file_is_read_beside_maildesk_toml(tmp_path: Path) -> None:
    write(tmp_path, edited("maildesk.toml", '{ env = "KEY" }', '{ file = "key" }'))
    (tmp_path / "key").write_text("f" * 40 + "\n")
    (tmp_path / "key").chmod(0o600)
    assert loaded(tmp_path).settings.secrets.keys() == (b"f" * 40,)


def test_a_secret_file_that_every_user_can_read_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, edited("maildesk.toml", '{ env = "KEY" }', '{ file = "key" }'))
    (tmp_path / "key").write_text("f" * 40)
    (tmp_path / "key").chmod(0o644)
    (only,) = (one.replace(f"{tmp_path}/", "") for one in findings(tmp_path))
    assert (
        only == 'maildesk.toml:22: secrets.key.file: every user can read "key"; run chmod 600 "key"'
    )


@pytest.mark.parametrize(
    "password",
    [
        f'"{CANARY}"',  # as people write it first
        f'{{ env = "{CANARY}" }}',  # in the place of the variable's name
        f'{{ value = "{CANARY}" }}',
        f'{{ env = "IMAP_PASSWORD", value = "{CANARY}" }}',
        f'{{ evn = "{CANARY}" }}',
        f'["{CANARY}"]',
        CANARY,  # not even TOML
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_repeated(tmp_path: Path, password: str) -> None:
    write(tmp_path, edited("maildesk.toml", '{ env = "IMAP_PASSWORD" }', password))
    with pytest.raises(ConfigErrors) as caught:
        loaded(tmp_path)
    error = caught.value
    assert CANARY not in f"{error} {error!r} {error.__cause__!r} {error.__context__!r}"
    assert error.findings[0].line == 9


def test_no_repr_or_dump_shows_a_secret(tmp_path: Path) -> None:
    write(tmp_path)
    config = loaded(tmp_path, IMAP_PASSWORD=CANARY)
    settings = config.settings
    shown = f"{config!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert settings.mailbox[0].password.value.get_secret_value() == CANARY
    assert CANARY not in shown


def test_a_too_short_key_is_not_repeated(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(ConfigErrors) as caught:
        loaded(tmp_path, KEY=CANARY)
    assert CANARY not in str(caught.value)


TOML = '''\
# a comment with = and [brackets]
top = 1
"quoted key".inner = "x"
[table]
list = [ # of several lines
  "a",
  { x = 1, y = [2,
    3] },
]
text = """
[[not_a_table]]
"""
after = { env = "X", none = [] }
[[many]]
n = "=#,"
[[many]]
n = 'b'
[many.sub]
o = 1.5
[[many.deep]]
p = 2026-01-31
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("quoted key", "inner"), 3),
        (("table",), 4),
        (("table", "list", 0), 6),
        (("table", "list", 1, "y", 1), 8),
        (("table", "after"), 13),
        (("table", "after", "env"), 13),
        (("many", 0, "n"), 15),
        (("many", 1, "n"), 17),
        (("many", 1, "sub", "o"), 19),
        (("many", 1, "deep", 0, "p"), 21),
        (("many", 1, "missing"), 16),  # the table it should stand in
        (("nowhere",), None),
    ],
)
def test_each_key_is_found_on_its_line(path: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(line_numbers(TOML), path) == line
    assert line_of(line_numbers(TOML.replace("\n", "\r\n")), path) == line


def test_the_example_files_have_a_line_for_every_table() -> None:
    assert line_numbers(FILES["maildesk.toml"])[("secrets", "key", "env")] == 22


def test_holidays_are_dates_computed_when_the_file_is_read(tmp_path: Path) -> None:
    write(tmp_path)
    free = loaded(tmp_path).policy.holidays["office"]
    assert date(2026, 10, 3) in free  # of all Germany
    assert date(2026, 3, 8) in free  # of Berlin alone
    assert date(2026, 12, 24) in free  # our own
    assert date(2026, 12, 23) not in free
