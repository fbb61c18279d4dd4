"""Reads the secrets of maildesk.toml and resolves its paths relative to its folder."""

import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr

from maildesk.config.error_messages import SECRET_REMEDY, quoted
from maildesk.config.errors import Fault
from maildesk.config.schema.part import Part
from maildesk.config.schema.settings import Secret, Settings
from maildesk.config.toml_positions import KeyPath

P = TypeVar("P", bound=Part)
Visit = Callable[[object, KeyPath], object]

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Container runtimes mount secrets world-readable in a folder that only the container can see.
_RUNTIME_SECRETS = Path("/run/secrets")


def complete(
    settings: Settings, folder: Path, environ: Mapping[str, str]
) -> tuple[Settings, list[Fault]]:
    """The settings with every secret read and every path absolute, and the faults."""
    faults: list[Fault] = []

    def visit(value: object, path: KeyPath) -> object:
        if isinstance(value, Secret):
            filled, wrong = _filled(value, path, folder, environ)
            faults.extend(wrong)
            return filled
        if isinstance(value, Path):
            faults.extend(_missing_file(folder / value, path))
            return folder / value
        return value

    whole = _each(settings, (), visit)
    return _anchored(whole, folder), faults


def _each(part: P, path: KeyPath, visit: Visit) -> P:
    """A copy of the part with `visit` applied to every value."""
    changes = {
        name: _visited(getattr(part, name), (*path, field.alias or name), visit)
        for name, field in type(part).model_fields.items()
    }
    return part.model_copy(update=changes)


def _visited(value: object, path: KeyPath, visit: Visit) -> object:
    if isinstance(value, Part) and not isinstance(value, Secret):
        return _each(value, path, visit)
    if isinstance(value, tuple):
        return tuple(_visited(item, (*path, i), visit) for i, item in enumerate(value))
    return visit(value, path)


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Make the path of an SQLite file absolute and remove the trailing slash of web.base_url."""
    url = settings.database.url
    if url.startswith("sqlite:///"):
        url = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
    database = settings.database.model_copy(update={"url": url})
    base_url = settings.web.base_url and settings.web.base_url.rstrip("/")
    web = settings.web.model_copy(update={"base_url": base_url})
    return settings.model_copy(update={"database": database, "web": web})


def _missing_file(file: Path, path: KeyPath) -> list[Fault]:
    if path == ("policy",) or file.is_file():
        return []
    return [Fault(path, f"file not found: {_shown(file)}", "give the path of an existing file")]


def _filled(
    secret: Secret, path: KeyPath, folder: Path, environ: Mapping[str, str]
) -> tuple[Secret, list[Fault]]:
    read = _read(secret, path, folder, environ)
    if isinstance(read, Fault):
        return secret, [read]
    if not read:
        return secret, [Fault(path, "the secret is empty", "store the secret there")]
    return secret.model_copy(update={"value": SecretStr(read)}), []


def _read(secret: Secret, path: KeyPath, folder: Path, environ: Mapping[str, str]) -> str | Fault:
    if "value" in secret.model_fields_set:
        return Fault((*path, "value"), "unknown key", SECRET_REMEDY)
    if secret.env is not None:
        return _from_variable(secret.env, (*path, "env"), environ)
    return _from_file(folder / (secret.file or ""), (*path, "file"))


def _from_variable(name: str, path: KeyPath, environ: Mapping[str, str]) -> str | Fault:
    # An invalid name may be the secret itself, so it is not repeated.
    if not _VARIABLE.fullmatch(name):
        return Fault(
            path,
            "is not the name of an environment variable",
            "write only the name of the variable",
        )
    if name not in environ:
        return Fault(
            path, f"the environment variable {name} is not set", "set it before starting maildesk"
        )
    return environ[name]


def _from_file(file: Path, path: KeyPath) -> str | Fault:
    shown = _shown(file)
    try:
        mode = file.stat().st_mode
        text = file.read_bytes().decode("utf-8").rstrip("\r\n")
    except FileNotFoundError:
        return Fault(path, f"file not found: {shown}", "write the secret to it and run chmod 600")
    except OSError as error:
        problem = f"{shown} cannot be read: {error.strerror}"
        return Fault(path, problem, "allow the user that runs maildesk to read it")
    except UnicodeDecodeError:
        return Fault(path, f"{shown} is not UTF-8 text", "store the secret as UTF-8 text")
    if mode & stat.S_IROTH and not file.is_relative_to(_RUNTIME_SECRETS):
        return Fault(path, f"every user can read {shown}", f"run chmod 600 {shown}")
    return text


def _shown(file: Path) -> str:
    return quoted(str(file), limit=4096)
