"""The policy that maildesk ships: config/ of a checkout, or the copy of it in the wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def policy_files() -> tuple[Path, ...]:
    """The shipped config/*.toml, by name."""
    folders = (_PACKAGE / "_config", _PACKAGE.parent / "config")
    folder = next(folder for folder in folders if folder.is_dir())
    return tuple(sorted(folder.glob("*.toml")))
