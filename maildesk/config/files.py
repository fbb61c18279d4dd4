"""Reads one TOML file as a frozen model and reports its faults with line numbers."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic

from pydantic import ValidationError

from maildesk.config.error_messages import fault
from maildesk.config.errors import Fault
from maildesk.config.partial_file import P, draft
from maildesk.config.toml_positions import KeyPath, line_numbers, line_of
from maildesk.model.finding import Finding


@dataclass(frozen=True)
class TomlFile:
    """A file that was read. `shown` is the path to show to the user."""

    shown: str
    text: str
    data: dict[str, Any]

    @cached_property
    def _lines(self) -> dict[KeyPath, int]:
        return line_numbers(self.text)

    def located(self, faults: Iterable[Fault]) -> list[Finding]:
        """The faults as findings with file and line."""
        return [
            Finding(
                file=self.shown,
                line=self._line(fault),
                key=key_text(fault.path),
                what=fault.problem,
                remedy=fault.remedy,
                marked=fault.marked,
            )
            for fault in faults
        ]

    def _line(self, fault: Fault) -> int | None:
        line = line_of(self._lines, fault.path)
        if line is None or not fault.marked:
            return line
        opened = self.text.split("\n")[line - 1].rstrip().endswith(("'''", '"""'))
        return line + fault.below + opened


@dataclass(frozen=True)
class Read(Generic[P]):
    """The result of reading one file. `part` is None if too little of it is valid.

    With `faults`, the part is a draft: use it only to look for further faults.
    """

    file: TomlFile
    part: P | None
    faults: tuple[Fault, ...] = ()


def key_text(path: KeyPath) -> str:
    """`mailbox#2.port`: the port of the second mailbox."""
    text = "".join(f"#{key + 1}" if isinstance(key, int) else f".{key}" for key in path)
    return "".join(c if c.isprintable() else "?" for c in text).removeprefix(".")


def read_toml(path: Path) -> TomlFile | Finding:
    """The file, or a finding that says why it cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8")
        return TomlFile(str(path), text, tomllib.loads(text))
    except FileNotFoundError:
        return _unreadable(
            path, "file not found", "run `maildesk init DIR` to create a first configuration"
        )
    except OSError as error:
        return _unreadable(path, f"cannot be read: {error.strerror}", "check its permissions")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return _unreadable(path, "is not UTF-8", "save it as UTF-8", line)
    except tomllib.TOMLDecodeError as error:
        return _broken_syntax(path, text, str(error))


def _unreadable(path: Path, problem: str, remedy: str, line: int | None = None) -> Finding:
    return Finding(file=str(path), line=line, key="", what=problem, remedy=remedy)


def _broken_syntax(path: Path, text: str, message: str) -> Finding:
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    what = message[: place.start()] if place else message
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    return _unreadable(
        path, f"is not TOML: {what[:1].lower()}{what[1:]}", "correct this line", line
    )


def read_model(file: TomlFile, model: type[P]) -> Read[P]:
    """The file as `model`, with every fault that the model itself can detect."""
    try:
        return Read(file, model.model_validate(file.data))
    except ValidationError as error:
        errors = error.errors(include_url=False)
    faults = tuple(fault(model, one) for one in errors)
    return Read(file, draft(file.data, model, errors), faults)
