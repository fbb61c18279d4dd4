"""Errors of the configuration.

ConfigErrors        all errors of maildesk.toml and config/*.toml
"""

from collections.abc import Iterable
from typing import NamedTuple

from maildesk.config.toml_positions import KeyPath
from maildesk.model.finding import Finding


class Fault(NamedTuple):
    """A finding in one file, before its line number is known.

    `below` counts lines from the first line of a multi-line value; `marked` is the line at that
    place with a caret under the error.
    """

    path: KeyPath
    problem: str
    remedy: str = ""
    below: int = 0
    marked: str = ""


class ConfigErrors(Exception):
    """The configuration is invalid. Permanent: an admin has to fix it.

    `findings` are sorted by file and line; none contains a secret.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))
