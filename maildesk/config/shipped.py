"""Finds the policy files that maildesk ships: config/ of a checkout, or its copy in the wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def policy_files() -> tuple[Path, ...]:
    """The paths of the shipped config/*.toml, sorted by name."""
    folders = (_PACKAGE / "_config", _PACKAGE.parent / "config")
    folder = next(folder for folder in folders if folder.is_dir())
    return tuple(sorted(folder.glob("*.toml")))
