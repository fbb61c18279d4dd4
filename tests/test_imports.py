"""Imports go only down (docs/architecture.md), stand at the top, and name what they import."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Top first. A module may import its own room and every layer below its own, nothing else.
# Within a layer the rooms do not know each other, save in the wiring. The first pattern counts.
LAYERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("wiring", ("maildesk.cli", "maildesk.daemon", "maildesk.demo", "maildesk.__main__")),
    ("configuration", ("maildesk.config",)),
    ("shells", ("maildesk.web", "maildesk.processing", "maildesk.outgoing.delivery")),
    (
        "doors",
        ("maildesk.ingest.servers",),
    ),
    ("a mail is read", ("maildesk.ingest",)),
    ("a ticket lives", ("maildesk.lifecycle",)),
    ("rules", ("maildesk.rules",)),
    ("counted", ("maildesk.reporting",)),
    ("rows", ("maildesk.store",)),
    ("bytes to send", ("maildesk.outgoing", "maildesk.templates")),
    ("words", ("maildesk.messages",)),
    ("values", ("maildesk.model",)),
)

# Libraries that one room alone knows.
ONLY_IN = {
    "sqlmodel": "maildesk.store",
    "alembic": "maildesk.store",
    "mailparser": "maildesk.ingest.mime.mail_parser",
    "cel_expr_python": "maildesk.rules",
    "apscheduler": "maildesk.daemon",
    "holidays": "maildesk.config.service_levels",
    "dkim": "maildesk.ingest.identity.dkim_arc",
    "dns": "maildesk.ingest.servers.dns_resolver",
    "babel": "maildesk.messages",
    "publicsuffixlist": "maildesk.ingest.identity.dmarc",
    "spf": "maildesk.ingest.identity.spf",
}


class Import(NamedTuple):
    """One import: who, what, on which line, and whether it waits inside a function."""

    module: str
    imported: str
    line: int
    deferred: bool


def imports_of(module: str, source: str) -> Iterator[Import]:
    """Every import of the module, and every `import_module("maildesk…")`."""
    tree = ast.parse(source)
    inside = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        for name in _imported(node):
            yield Import(module, name, node.lineno, id(node) in inside)  # type: ignore[attr-defined]


def _imported(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(level=level) if level:
            yield "." * level
        case ast.ImportFrom(module=str(module), names=names):
            yield from (_module_or_name(module, alias.name) for alias in names)
        case ast.Call(args=[ast.Constant(value=str(name)), *_]) if name.startswith("maildesk."):
            if ast.unparse(node.func).endswith("import_module"):
                yield name


def _module_or_name(module: str, name: str) -> str:
    """`from maildesk.ingest import imap` imports a module, and is judged as one."""
    is_package = (ROOT / module.replace(".", "/")).is_dir()
    return f"{module}.{name}" if is_package and not name.startswith("__") else module


def layer_of(module: str) -> tuple[int, str]:
    """The layer (0 is the top) and the room in it."""
    for number, (_, services) in enumerate(LAYERS):
        for service in services:
            if fnmatchcase(module, service) or module.startswith(f"{service}."):
                return number, service
    raise LookupError(f"{module} is in no layer: put its room into LAYERS")


def fault_of(one: Import) -> str | None:
    """What is wrong with an import, or None."""
    if one.imported.startswith("."):
        return "is relative: name the module"
    if not one.imported.startswith("maildesk."):
        only = ONLY_IN.get(one.imported.partition(".")[0], one.module)
        return None if _is_in(one.module, only) else f"belongs into {only} alone"
    if one.deferred:
        return "is deferred: put it at the top"
    (here, service), (there, other) = layer_of(one.module), layer_of(one.imported)
    if there < here:
        return f"goes up, from {LAYERS[here][0]} to {LAYERS[there][0]}"
    if there == here and service != other and here > 0 and not _is_door(service):
        return f"goes sideways, from {service} to {other}"
    return None


def _is_in(module: str, service: str) -> bool:
    return module == service or module.startswith(f"{service}.")


def _is_door(service: str) -> bool:
    return service.endswith("*")


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / "maildesk").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def test_imports_go_only_down() -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{one.line}: {one.imported} {fault}"
        for module, path in modules()
        for one in imports_of(module, path.read_text())
        if (fault := fault_of(one))
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        # the model knows nobody
        ("maildesk.model.ticket", "from maildesk.store import tickets", "goes up"),
        # a pure room may not open a socket by way of another
        ("maildesk.lifecycle.decide", "import maildesk.ingest.servers.imap.poller", "goes up"),
        # the module is what is imported, not its package
        ("maildesk.ingest.threading", "from maildesk.ingest.servers import imap", "goes up"),
        # only the wiring reads the configuration
        ("maildesk.web.app", "from maildesk.config import Config", "goes up"),
        # two shells meet in the wiring
        ("maildesk.web.app", "from maildesk.processing import Desk", "goes sideways"),
        # an import that waits is an arrow that hides
        ("maildesk.processing", "def f():\n    from maildesk.model import mail", "deferred"),
        ("maildesk.processing", "def f():\n    import_module('maildesk.model.mail')", "deferred"),
        ("maildesk.processing", "from . import web", "relative"),
        # tables never leave the store
        ("maildesk.processing", "from sqlmodel import select", "belongs into maildesk.store"),
    ],
)
def test_a_wrong_import_is_caught(module: str, source: str, fault: str) -> None:
    (one,) = imports_of(module, source)
    assert fault in (fault_of(one) or "")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("maildesk.cli.run", "from maildesk.daemon import Daemon"),
        ("maildesk.processing", "from maildesk.lifecycle.decide import decide"),
        (
            "maildesk.ingest.servers.imap.poller",
            "from maildesk.ingest.servers.imap.fetch_plan import fetch",
        ),
        (
            "maildesk.ingest.servers.imap.poller",
            "from maildesk.ingest.servers.journal_port import Journal",
        ),
        ("maildesk.store.tickets", "from sqlmodel import select"),
    ],
)
def test_a_right_import_passes(module: str, source: str) -> None:
    (one,) = imports_of(module, source)
    assert fault_of(one) is None


def test_a_module_in_no_layer_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"maildesk\.helpers"):
        layer_of("maildesk.helpers")
