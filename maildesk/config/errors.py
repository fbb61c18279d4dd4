"""Errors of the configuration.

ConfigErrors        everything that is wrong with maildesk.toml and config/*.toml, at once
"""

from collections.abc import Iterable
from typing import NamedTuple

from maildesk.config.toml_positions import KeyPath
from maildesk.model.finding import Finding


class Fault(NamedTuple):
    """A finding within one file, before its line is looked up.

    `below`: so many lines below the first one of a value of several lines. `marked`: that line,
    and under it a caret.
    """

    path: KeyPath
    problem: str
    remedy: str = ""
    below: int = 0
    marked: str = ""


class ConfigErrors(Exception):
    """The configuration cannot be used. Permanent: only an admin can mend it.

    `findings` are in the order of the files and of the lines in each; none holds a secret.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))
