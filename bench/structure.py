"""Prints how the code is divided: folders, repeated names, impure imports, long functions.

`python bench/structure.py` exits with 1 if a pure package imports an impure one, a function has
more than 60 lines, or a repeated base name has no reason in `REASONS`.
"""

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 60
FULL_FOLDER = 15

IMPURE = (
    "maildesk.config.schema",
    "maildesk.cli",
    "maildesk.config",
    "maildesk.daemon",
    "maildesk.demo",
    "maildesk.ingest.reading.pool",
    "maildesk.ingest.reading.reader_process",
    "maildesk.ingest.servers",
    "maildesk.outgoing.delivery",
    "maildesk.processing",
    "maildesk.store",
    "maildesk.web",
)
PURE = (
    "maildesk.config.schema",
    "maildesk.ingest",
    "maildesk.knowledge",
    "maildesk.lifecycle",
    "maildesk.messages",
    "maildesk.model",
    "maildesk.outgoing",
    "maildesk.reporting",
    "maildesk.rules",
)
"""Packages without I/O. The most specific entry of both tables decides about a module."""

REASONS = {
    "attachments": "attachments in a mail; their rows",
    "mail": "the command; the value",
    "engine": "the rule engine; the database engine, as SQLAlchemy calls it",
    "errors": "the errors of the command line; the errors of the configuration",
    "events": "events of tickets in words; the page that accepts events",
    "installation": "checks of maildesk.toml; the installation of the demo",
    "monitoring": "the schema of the file; the value",
    "people": "the command; the schema of the file; the rows",
    "mail_templates": "the check of overrides; the templates of outgoing mail",
    "render": "pages of the demo; pages behind links",
    "report": "the command; the value",
    "rules": "the command; the schema of the file",
    "run": "the command; the daemon that it starts",
    "schema": "the package of the configuration; the form of a language file",
    "sla": "the schema of the file; the values",
    "ticket": "the command; the value",
    "workflow": "the command; the schema of the file",
}
"""Why a base name is used by several modules."""


class Function(NamedTuple):
    """A function with its length in lines."""

    path: Path
    line: int
    name: str
    length: int


def modules() -> Iterator[Path]:
    """Every module of maildesk, without migrations."""
    for path in sorted((ROOT / "maildesk").rglob("*.py")):
        if "migrations" not in path.parts:
            yield path


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of a module."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Function(path.relative_to(ROOT), node.lineno, node.name, length)


def imports(path: Path) -> Iterator[str]:
    """The maildesk modules and names that a module imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def is_pure(module: str) -> bool:
    """Whether the module belongs to a pure package."""
    return _nearest(module, PURE) > _nearest(module, IMPURE)


def is_impure(module: str) -> bool:
    """Whether the module belongs to an impure package."""
    return _nearest(module, IMPURE) > _nearest(module, PURE)


def impure_imports() -> Iterator[str]:
    """Imports of impure packages in pure ones."""
    for path in modules():
        module = _name(path)
        for imported in imports(path) if is_pure(module) else ():
            if is_impure(imported):
                yield f"{module} imports {imported}"


def repeated_names() -> dict[str, list[str]]:
    """Base names that several modules have, with the modules."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        if not path.stem.startswith("__"):
            found[path.stem].append(str(path.relative_to(ROOT / "maildesk")))
    return {name: places for name, places in sorted(found.items()) if len(places) > 1}


def _nearest(module: str, packages: tuple[str, ...]) -> int:
    """The length of the longest package name that contains the module; 0 for none."""
    inside = (one for one in packages if module == one or module.startswith(f"{one}."))
    return max(map(len, inside), default=0)


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _print_folders() -> None:
    counts = Counter(path.parent for path in modules() if path.name != "__init__.py")
    print("files per folder")
    for folder, count in sorted(counts.items()):
        note = "  <- more than 15" if count > FULL_FOLDER else ""
        print(f"  {count:3}  {folder.relative_to(ROOT)}{note}")


def _print_repeated() -> bool:
    repeated = repeated_names()
    print(f"\nrepeated base names: {len(repeated)}")
    for name, places in repeated.items():
        print(f"  {name}: {', '.join(places)}: {REASONS.get(name, 'NO REASON')}")
    return all(name in REASONS for name in repeated)


def _print_impure() -> bool:
    impure = list(impure_imports())
    print(f"\npure packages that import impure ones: {len(impure)}")
    print("".join(f"  {one}\n" for one in impure), end="")
    return not impure


def _print_lengths() -> bool:
    every = [one for path in modules() for one in functions(path)]
    lengths = [one.length for one in every]
    long = [one for one in every if one.length > LONGEST]
    print(f"\nfunctions over {LONGEST} lines: {len(long)}")
    print("".join(f"  {one.path}:{one.line} {one.name}: {one.length}\n" for one in long), end="")
    p95 = quantiles(lengths, n=20)[-1]
    print(f"\n{len(every)} functions: median {median(lengths):.0f} lines, p95 {p95:.0f} lines")
    return not long


def main() -> int:
    """Print the figures. The exit status is 1 if one of them is not acceptable."""
    _print_folders()
    results = (_print_repeated(), _print_impure(), _print_lengths())
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
