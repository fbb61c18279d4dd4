"""The folder `config/templates/mail`: templates of mails in place of the package's own."""

from collections.abc import Mapping
from pathlib import Path

from maildesk.model.finding import Finding
from maildesk.outgoing.templating.template_check import faults, misnamed

FOLDER = Path("templates") / "mail"
LARGEST = 200_000  # bytes of one file


def read_overrides(policy: Path) -> tuple[Mapping[str, str], list[Finding]]:
    """The files by name, and all that is wrong with them. Without the folder there are none."""
    folder = policy / FOLDER
    found: dict[str, str] = {}
    findings: list[Finding] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or path.name.endswith("~"):
            continue  # what editors leave behind
        text = _read(path)
        if isinstance(text, Finding):
            findings.append(text)
        else:
            found[path.name] = text
    strange = list(misnamed(str(folder), found))
    if findings or strange or not found:
        return found, [*findings, *strange]
    return found, faults(str(folder), found)


def _read(path: Path) -> str | Finding:
    try:
        if not path.is_file():
            return _finding(path, "is not a file", "put the templates directly into this folder")
        if path.stat().st_size > LARGEST:
            return _finding(path, f"is larger than {LARGEST} bytes", "shorten it")
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        return _finding(path, f"cannot be read: {error.strerror}", "check its permissions")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return _finding(path, "is not UTF-8", "save it as UTF-8", line)


def _finding(path: Path, what: str, remedy: str, line: int | None = None) -> Finding:
    return Finding(file=str(path), line=line, key="", what=what, remedy=remedy)
