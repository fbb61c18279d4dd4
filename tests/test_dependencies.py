"""pyproject.toml names what is imported, no more and no less; constraints.txt pins all of it."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# Named without an `import` that names them, and why.
LOADED_BY_OTHERS = {
    "pysqlite3": "maildesk.store.engine loads it where the stdlib's SQLite is too old",
    "python-multipart": "FastAPI reads the forms of the demo with it",
    "tzdata": "zoneinfo reads it where the system has no time zones",
}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[str]) -> set[str]:
    return {canonical(re.split(r"[\s\[<>=!~;]", one, maxsplit=1)[0]) for one in requirements}


def imported_distributions() -> set[str]:
    providers = packages_distributions()
    roots = {
        name.partition(".")[0]
        for path in (ROOT / "maildesk").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    foreign = roots - sys.stdlib_module_names - {"maildesk", ""}
    return {canonical(min(providers.get(root, [root]))) for root in foreign}


def test_each_dependency_is_imported_and_each_import_is_a_dependency() -> None:
    needed = imported_distributions() | LOADED_BY_OTHERS.keys()
    extras = declared(PROJECT["optional-dependencies"]["demo"])
    assert declared(PROJECT["dependencies"]) | extras == needed | extras


def test_constraints_pin_every_dependency_and_name_no_place() -> None:
    lines = (ROOT / "constraints.txt").read_text().split("\n")
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", pin)] == []
    extras = PROJECT["optional-dependencies"].values()
    named = declared([*PROJECT["dependencies"], *(one for extra in extras for one in extra)])
    pinned = {canonical(pin.partition("==")[0]) for pin in pins}
    assert named - pinned - {"maildesk"} == set()
