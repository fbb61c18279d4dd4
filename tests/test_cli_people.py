"""`maildesk people`: what a CSV file changes in the directory, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maildesk.cli import build
from maildesk.cli.console.errors import run

Import = Callable[..., tuple[int, str, str]]
HEADER = "name,address,addresses,manager,organisation,vip"
# Rita, Max, Ann and Lee stand in the people.toml that `init` writes.
BO = "Bo,bo@example.org,,max@example.org,Sales,no"
CY = "Cy,cy@example.org,cy@home.example,bo@example.org,Sales,yes"


@pytest.fixture
def maildesk(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Import:
    """Runs a command on a fresh installation; its status, stdout and stderr."""
    monkeypatch.setenv("MAILDESK_IMAP_PASSWORD", "one")
    monkeypatch.setenv("MAILDESK_SMTP_PASSWORD", "two")
    folder = tmp_path / "desk"

    def command(*words: object) -> tuple[int, str, str]:
        status = run(build(), ["--config", str(folder / "maildesk.toml"), *map(str, words)])
        out, err = capfdbinary.readouterr()
        return status, out.decode(), err.decode()

    assert command("init", folder)[0] == 0
    assert command("db", "upgrade")[0] == 0
    return command


@pytest.fixture
def imports(maildesk: Import, tmp_path: Path) -> Import:
    """Imports these lines."""

    def command(*lines: str, options: tuple[str, ...] = ()) -> tuple[int, str, str]:
        file = tmp_path / "people.csv"
        file.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
        return maildesk("people", "import", file, *options)

    return command


@pytest.fixture
def listed(maildesk: Import) -> Callable[[], dict[str, dict[str, Any]]]:
    """The directory by address."""

    def command() -> dict[str, dict[str, Any]]:
        lines = maildesk("people", "list", "--json")[1].splitlines()
        return {one["address"]: one for one in map(json.loads, lines)}

    return command


def test_people_are_imported_and_listed(imports: Import, listed: Any, maildesk: Import) -> None:
    status, out, err = imports(HEADER, CY, BO)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "+ cy@example.org  Cy",
        "+ bo@example.org  Bo",
        "2 added, 0 changed, 0 removed, 0 unchanged, 0 in people.toml",
    ]
    assert listed()["cy@example.org"] == {
        "name": "Cy",
        "address": "cy@example.org",
        "addresses": ["cy@home.example"],
        "manager": "bo@example.org",
        "organisation": "Sales",
        "vip": True,
        "language": "",
        "zone": "",
        "origin": "import",
    }
    assert listed()["bo@example.org"]["manager"] == "max@example.org"
    assert listed()["ann@example.org"]["origin"] == "people.toml"
    line = next(x for x in maildesk("people", "list")[1].splitlines() if x.startswith("cy@"))
    assert line.split() == ["cy@example.org", "Cy", "Sales", "bo@example.org", "VIP", "import"]


# what the second file says, options, what is told
SECOND: list[tuple[tuple[str, ...], tuple[str, ...], list[str]]] = [
    ((BO, CY), (), ["0 added, 0 changed, 0 removed, 2 unchanged, 0 in people.toml"]),
    (  # field by field
        (BO, "Cyd,cy@example.org,,max@example.org,,no"),
        (),
        [
            "~ cy@example.org  name: Cy -> Cyd",
            "~ cy@example.org  addresses: cy@home.example -> -",
            "~ cy@example.org  manager: bo@example.org -> max@example.org",
            "~ cy@example.org  organisation: Sales -> -",
            "~ cy@example.org  vip: yes -> no",
            "0 added, 1 changed, 0 removed, 1 unchanged, 0 in people.toml",
        ],
    ),
    (  # who is missing stays
        (BO,),
        (),
        [
            "0 added, 0 changed, 0 removed, 2 unchanged, 0 in people.toml",
            "not in the file: 1 person of an earlier import; --remove-missing removes them",
        ],
    ),
    (
        (BO,),
        ("--remove-missing",),
        [
            "- cy@example.org  Cy",
            "0 added, 0 changed, 1 removed, 1 unchanged, 0 in people.toml",
        ],
    ),
    (  # people.toml wins, by any of the addresses
        (BO, CY, "Rita,r@example.org,RITA@example.org,,,yes"),
        (),
        [
            "line 4: r@example.org is defined in people.toml, which takes precedence",
            "0 added, 0 changed, 0 removed, 2 unchanged, 1 in people.toml",
        ],
    ),
    (  # a new address: the old one says who it is
        (BO, "Cy,cyrus@example.org,cy@example.org cy@home.example,bo@example.org,Sales,yes"),
        (),
        [
            "~ cy@example.org  address: cy@example.org -> cyrus@example.org",
            "~ cy@example.org  addresses: cy@home.example -> cy@example.org cy@home.example",
            "0 added, 1 changed, 0 removed, 1 unchanged, 0 in people.toml",
        ],
    ),
]


@pytest.mark.parametrize(("second", "options", "told"), SECOND)
def test_a_second_import_shows_the_differences_and_a_dry_run_the_same(
    second: tuple[str, ...], options: tuple[str, ...], told: list[str], imports: Import, listed: Any
) -> None:
    imports(HEADER, BO, CY)
    before = listed()
    status, out, _ = imports(HEADER, *second, options=(*options, "--dry-run"))
    assert (status, out.splitlines()[:-1]) == (0, told)
    assert listed() == before
    assert imports(HEADER, *second, options=options)[1].splitlines() == told
    again = imports(HEADER, *second, options=options)[1].splitlines()
    assert any(line.startswith("0 added, 0 changed, 0 removed") for line in again)


def test_a_removed_person_no_longer_has_a_manager(imports: Import, listed: Any) -> None:
    imports(HEADER, BO, CY)
    imports(HEADER, BO, options=("--remove-missing",))
    gone = listed()["cy@example.org"]
    assert (gone["origin"], gone["manager"], gone["organisation"]) == ("mail", "", "")
    assert not gone["vip"]


# the lines of the file, what is wrong at which line and column
WRONG: list[tuple[tuple[str, ...], list[str]]] = [
    ((), ["1: header: the column name is missing", "1: header: the column address is missing"]),
    (
        ("name,adress", "Bo,bo@x.org"),
        ['1: header: unknown column "adress"', "1: header: the column address is missing"],
    ),
    (("name,address,name", "Bo,bo@x.org,Bo"), ["1: header: the column name appears twice"]),
    ((HEADER, "Bo,bo@example.org"), ["2: 2 cells, but the header has 6"]),
    (  # all at once, in the order of the lines; a name over two lines counts as two
        (HEADER, ",bo,,,,", '"Cy\nB",cy@example.org,,,,', "", "Dee,dee@example.org,,,,perhaps"),
        [
            "2: name: the name is missing",
            '2: address: "bo" is not a mail address',
            "3: name: the name is missing or has a line break",
            '6: vip: "perhaps" is neither yes nor no',
        ],
    ),
    ((HEADER, BO, "Bob,BO@example.org,,,,"), ['3: address: "bo@example.org" belongs to another']),
    ((HEADER, BO, "Bob,b@x.org,bo@example.org,,,"), ["3: address: "]),
    ((HEADER, "Bo,desk@example.org,,,,"), ['2: address: "desk@example.org" is an address of']),
    ((HEADER, "Bo,bo@x.org,,nix@x.org,,"), ['2: manager: no person has the address "nix@x.org"']),
    ((HEADER, "Bo,bo@x.org,,bo@x.org,,"), ["2: manager: these managers form a cycle: bo@x.org"]),
    (  # over the file and those who were known before: Cy reports to Bo
        (HEADER, "Bo,bo@example.org,,cy@example.org,,"),
        ["2: manager: these managers form a cycle: bo@example.org -> cy@example.org -> bo@"],
    ),
    ((HEADER, 'Bo,"bo@example.org,,,,'), ["the file is not valid CSV"]),
    ((HEADER, "B\udcff,bo@example.org,,,,"), ["2: the file is not UTF-8"]),
]


@pytest.mark.parametrize(("lines", "told"), WRONG)
def test_all_errors_of_a_file_are_reported_at_once_and_nothing_changes(
    lines: tuple[str, ...], told: list[str], imports: Import, listed: Any
) -> None:
    imports(HEADER, BO, CY)
    before = listed()
    status, out, err = imports(*lines)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == len(told), err
    for line, expected in zip(err.splitlines(), told, strict=True):
        assert expected in line
    assert listed() == before


def test_a_manager_who_would_be_removed_is_refused(imports: Import) -> None:
    imports(HEADER, BO, CY)
    status, _, err = imports(HEADER, CY, options=("--remove-missing",))
    assert (status, "2: manager: no person has the address" in err) == (2, True)


def test_a_missing_file_is_reported(maildesk: Import, tmp_path: Path) -> None:
    assert maildesk("people", "import", tmp_path / "none.csv")[0] == 2


def test_check_online_lists_imported_people_without_an_approver(
    imports: Import, maildesk: Import, tmp_path: Path
) -> None:
    imports("name,address,manager", "Cy,cy@example.org,", "Bo,bo@example.org,max@example.org")
    found = maildesk("check", "--online")[1]
    assert "people: max@example.org approves for 1 person without a reporting manager: Cy" in found
    approvals = tmp_path / "desk" / "config" / "approvals.toml"
    approvals.write_text(approvals.read_text().replace("fallback =", "# fallback ="))
    err = maildesk("check", "--online")[2]
    assert "people: nobody approves for 1 person without a reporting manager: Cy" in err


def test_a_csv_file_may_use_semicolons(imports: Import, listed: Any) -> None:
    line = 'Cy;cy@example.org;"cy@home.example;c@x.example";"Sales, South"'
    assert imports("name;address;addresses;organisation", line)[0] == 0
    cy = listed()["cy@example.org"]
    assert cy["addresses"] == ["c@x.example", "cy@home.example"]
    assert cy["organisation"] == "Sales, South"


def test_language_and_time_zone_are_columns_as_well(imports: Import, listed: Any) -> None:
    head = "name,address,language,zone"
    assert imports(head, "Cy,cy@example.org,pt-BR,America/Lima")[0] == 0
    assert (listed()["cy@example.org"]["language"], listed()["cy@example.org"]["zone"]) == (
        "pt-BR",
        "America/Lima",
    )
    status, _, err = imports(head, "Cy,cy@example.org,German,Berlin")
    assert status == 2
    assert '2: language: "German" is not a language; write, for example, "de" or "pt-BR"' in err
    assert '2: zone: unknown time zone "Berlin"' in err
