"""Imports go only down (docs/architecture.md), stand at the top, and name what they import.

Pure packages import pure packages and the libraries of a list: neither a database nor a socket, a
clock, a file or a random number is within their reach.
"""

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Top first. A module may import its own room and every layer below its own, nothing else.
# Within a layer the rooms do not know each other, save in the wiring. The longest pattern counts.
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
    ("files", ("maildesk.config.schema",)),
    ("values", ("maildesk.model",)),
)

# Libraries that one room alone knows.
ONLY_IN = {
    "sqlmodel": "maildesk.store",
    "alembic": "maildesk.store",
    "mailparser": "maildesk.ingest.mime.mail_parser",
    "cel_expr_python": "maildesk.rules",
    "apscheduler": "maildesk.daemon",
    "holidays": "maildesk.config.checks.service_levels",
    "dkim": "maildesk.ingest.identity.dkim_arc",
    "dns": "maildesk.ingest.servers.dns_resolver",
    "babel": "maildesk.messages",
    "publicsuffixlist": "maildesk.ingest.identity.dmarc",
    "spf": "maildesk.ingest.identity.spf",
}

# Pure: the same arguments give the same result, and nothing else happens.
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
# What talks to servers and processes, in packages that are pure otherwise.
IMPURE = (
    "maildesk.ingest.servers",
    *("maildesk.ingest.reading.pool", "maildesk.ingest.reading.reader_process"),
    "maildesk.ingest.reading.worker_protocol",
    "maildesk.model.service",  # the port of a running service, with its signals between threads
    "maildesk.outgoing.delivery",
)
# Of the standard library, what every pure package may import.
STANDARD = frozenset(
    (
        *("base64", "binascii", "collections", "collections.abc", "contextlib", "copy"),
        *("dataclasses",),
        *("datetime", "difflib", "enum", "functools", "hashlib", "hmac", "itertools", "math"),
        *("operator", "re", "string", "struct", "types", "typing", "unicodedata", "zoneinfo"),
    )
)
# What one package or module alone may import besides. A library is named with all that is in it.
# Of the modules: bounce_report silences the logger of its library, analyse takes the name of a file
# and opens none, raw_bytes names a type, and the clock of sender_check is an argument.
ALSO: dict[str, frozenset[str]] = {
    "maildesk.ingest": frozenset(
        (
            *("codecs", "email", "html", "json", "urllib.parse"),
            *("authres", "charset_normalizer", "filetype", "lxml", "nh3", "re2"),
        )
    ),
    # the language files, read once when the package is loaded
    "maildesk.ingest.languages.loader": frozenset({"importlib", "tomllib"}),
    "maildesk.ingest.intent.bounce_report": frozenset({"flufl.bounce", "logging"}),
    "maildesk.ingest.identity.dmarc": frozenset({"publicsuffixlist"}),
    "maildesk.ingest.mime.mail_parser": frozenset({"mailparser"}),
    "maildesk.ingest.mime.raw_bytes": frozenset({"mmap"}),
    "maildesk.ingest.reading.analyse": frozenset({"pathlib"}),
    "maildesk.ingest.identity.dkim_arc": frozenset({"dkim"}),
    "maildesk.ingest.identity.sender_check": frozenset({"time"}),
    "maildesk.ingest.identity.spf": frozenset({"spf"}),
    "maildesk.lifecycle.workflow.diagram": frozenset({"xml.sax.saxutils"}),
    "maildesk.messages": frozenset(
        ("babel", "gettext", "importlib.resources", "io", "markupsafe")  # its own catalogues
    ),
    "maildesk.config.schema": frozenset({"pydantic"}),
    "maildesk.config.schema.settings": frozenset({"pathlib"}),  # the type of a setting
    "maildesk.outgoing": frozenset({"email", "html", "jinja2", "markupsafe", "urllib.parse"}),
    # its own templates, and the reader of the mail that is rendered
    "maildesk.outgoing.templating.mail_templates": frozenset(
        {"contextvars", "importlib.resources"}
    ),
    "maildesk.outgoing.templating.template_check": frozenset({"traceback"}),  # the line that raised
    "maildesk.outgoing.templating.template_sandbox": frozenset({"contextvars"}),
    "maildesk.rules": frozenset({"cel_expr_python", "re2"}),
}
# What a pure module may not call, although it imports nothing for it.
_BUILTINS = frozenset({"open", "print", "input", "eval", "exec", "breakpoint", "__import__"})
_CLOCKS = frozenset({"now", "today", "utcnow"})


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
    """The layer (0 is the top) and the room in it: that of the longest pattern."""
    found = [
        (number, room)
        for number, (_, rooms) in enumerate(LAYERS)
        for room in rooms
        if fnmatchcase(module, room) or module.startswith(f"{room}.")
    ]
    if not found:
        raise LookupError(f"{module} is in no layer: put its room into LAYERS")
    return max(found, key=lambda one: len(one[1]))


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


def is_pure(module: str) -> bool:
    """Whether the module promises to do nothing but compute."""
    impure = any(_is_in(module, one) for one in IMPURE)
    return not impure and any(_is_in(module, package) for package in PURE)


def impurity_of(one: Import) -> str | None:
    """Why a pure module may not import this, or None."""
    if not is_pure(one.module):
        return None
    if _is_in(one.imported, "maildesk"):
        return None if is_pure(one.imported) else "is not pure"
    also = (names for owner, names in ALSO.items() if _is_in(one.module, owner))
    listed = any(_is_in(one.imported, name) for names in also for name in names)
    if listed or one.imported in STANDARD:
        return None
    return "is on no list for a pure package"


def impure_calls(source: str) -> Iterator[tuple[int, str]]:
    """(line, call) of each builtin that acts, and of each look at the clock of the machine."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in _BUILTINS:
                yield node.lineno, name
            case ast.Attribute(value=ast.Name(id="datetime" | "date" as owner), attr=name):
                if name in _CLOCKS:
                    yield node.lineno, f"{owner}.{name}"


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


# ---- purity


def test_pure_packages_import_nothing_impure() -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{one.line}: {one.imported} {fault}"
        for module, path in modules()
        for one in imports_of(module, path.read_text())
        if (fault := impurity_of(one))
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        # planted in a decision, each is caught
        pytest.param("maildesk.lifecycle.decide", "import random", id="chance"),
        pytest.param("maildesk.lifecycle.decide", "from secrets import token_hex", id="secrets"),
        pytest.param("maildesk.lifecycle.decide", "import time", id="a clock"),
        pytest.param("maildesk.lifecycle.decide", "import os", id="the environment"),
        pytest.param("maildesk.lifecycle.decide", "import os.path", id="the file system"),
        pytest.param("maildesk.lifecycle.decide", "from pathlib import Path", id="a file"),
        pytest.param("maildesk.lifecycle.decide", "import socket", id="a socket"),
        pytest.param("maildesk.lifecycle.decide", "import threading", id="a thread"),
        pytest.param("maildesk.lifecycle.decide", "import subprocess", id="a process"),
        pytest.param("maildesk.lifecycle.decide", "import structlog", id="a log"),
        pytest.param("maildesk.lifecycle.decide", "import sqlalchemy", id="the database library"),
        pytest.param(
            "maildesk.lifecycle.decide", "from maildesk.store import tickets", id="the store below"
        ),
        pytest.param(
            "maildesk.lifecycle.decide",
            "def f():\n    import random",
            id="an import that waits",
        ),
        pytest.param("maildesk.rules.engine", "import maildesk.store", id="rules and the store"),
        pytest.param(
            "maildesk.reporting.sla_figures", "import maildesk.store.queries.counts", id="reports"
        ),
        pytest.param(
            "maildesk.model.ids", "from maildesk.model.service import Service", id="the model"
        ),
        pytest.param(
            "maildesk.outgoing.compose", "from maildesk.outgoing import delivery", id="delivery"
        ),
        pytest.param(
            "maildesk.ingest.reading.analyse",
            "from maildesk.ingest.reading import pool",
            id="processes",
        ),
        pytest.param(
            "maildesk.ingest.identity.spf",
            "import maildesk.ingest.servers.dns_resolver",
            id="the resolver",
        ),
        pytest.param(
            "maildesk.ingest.html.plain_text", "import urllib.request", id="part of a library"
        ),
        pytest.param("maildesk.lifecycle.decide", "import re2", id="a library of another package"),
        pytest.param("maildesk.knowledge.article", "import random", id="a package to come"),
    ],
)
def test_an_impure_import_is_caught(module: str, source: str) -> None:
    (one,) = imports_of(module, source)
    assert impurity_of(one) is not None


@pytest.mark.parametrize(
    ("module", "source"),
    [
        pytest.param("maildesk.lifecycle.decide", "import re", id="the standard library"),
        pytest.param(
            "maildesk.lifecycle.decide", "from maildesk.rules import engine", id="a pure package"
        ),
        pytest.param(
            "maildesk.ingest.html.plain_text", "from lxml import etree", id="a library of its own"
        ),
        pytest.param(
            "maildesk.ingest.html.plain_text", "import urllib.parse", id="part of a library"
        ),
        pytest.param(
            "maildesk.ingest.servers.imap.fetch_plan", "import socket", id="a server in ingest"
        ),
        pytest.param("maildesk.outgoing.delivery.smtp_client", "import smtplib", id="delivery"),
        pytest.param("maildesk.processing.clock.deadlines", "import random", id="a shell"),
    ],
)
def test_a_pure_import_passes(module: str, source: str) -> None:
    (one,) = imports_of(module, source)
    assert impurity_of(one) is None


def test_pure_packages_neither_look_at_the_clock_nor_touch_a_file() -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{line}: calls {call}"
        for module, path in modules()
        if is_pure(module)
        for line, call in impure_calls(path.read_text())
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("at = datetime.now(UTC)", id="the time"),
        pytest.param("clock = datetime.now", id="a clock that is handed on"),
        pytest.param("day = date.today()", id="the day"),
        pytest.param("text = open('words').read()", id="a file"),
        pytest.param("print('done')", id="the terminal"),
        pytest.param("dice = __import__('random')", id="an import by the back door"),
    ],
)
def test_an_impure_call_is_caught(source: str) -> None:
    assert len(list(impure_calls(source))) == 1


def test_every_exception_is_needed() -> None:
    used = {
        (owner, name)
        for module, path in modules()
        for one in imports_of(module, path.read_text())
        for owner, names in ALSO.items()
        for name in names
        if _is_in(module, owner) and _is_in(one.imported, name)
    }
    there = {owner for owner in ALSO if any(_is_in(module, owner) for module, _ in modules())}
    listed = {(owner, name) for owner, names in ALSO.items() if owner in there for name in names}
    assert listed == used
