"""What is wrong with the templates of mails that an administrator wrote. Pure."""

import traceback
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from jinja2 import TemplateNotFound, TemplateSyntaxError

from maildesk.model.decision import Template
from maildesk.model.finding import Finding
from maildesk.outgoing.compose import template_words
from maildesk.outgoing.mail_model import MailModel
from maildesk.outgoing.templating.mail_templates import (
    FORMATS,
    MailTemplates,
    Rendered,
    shipped_names,
)
from maildesk.outgoing.templating.template_samples import samples

_LANGUAGE = 3  # parts of `reply.de.html`


def misnamed(folder: str, names: Mapping[str, str]) -> Iterator[Finding]:
    """Files that no mail would use, with the nearest name that one would."""
    for name in sorted(names):
        problem = _name_fault(name)
        if problem is not None:
            what, remedy = problem
            yield Finding(file=f"{folder}/{name}", key="", what=what, remedy=remedy)


def _name_fault(name: str) -> tuple[str, str] | None:
    known = shipped_names()
    parts = name.split(".")
    shared = f"{parts[0]}.{parts[-1]}"
    if name in known:
        return None
    if len(parts) == _LANGUAGE and shared in known and parts[1]:
        if parts[0] in set(Template):
            return None
        return "only a mail has a file for one language", f"rename it to {shared}"
    near = get_close_matches(shared, known, n=1)
    remedy = f"did you mean {near[0]}?" if near else "`maildesk template list` shows the names"
    return "maildesk has no such mail template", remedy


def faults(folder: str, overrides: Mapping[str, str]) -> list[Finding]:
    """Renders every mail that an override reaches, for each of its languages, with sample data."""
    try:
        templates = MailTemplates(overrides)
    except TemplateSyntaxError as error:
        what = f"is not a template: {error.message}"
        return [_finding(folder, overrides, error.name or "", error.lineno, what)]
    except TemplateNotFound as error:
        name = next((name for name, text in overrides.items() if str(error.name) in text), "")
        return [_finding(folder, overrides, name, None, _what(error))]
    found: dict[tuple[str, int | None], Finding] = {}
    for template in templates.reached():
        for language in {"en": "", **dict.fromkeys(templates.languages_of(template))}:
            for _, mail in samples(template, language):
                fault = _fault(folder, templates, overrides, mail, language)
                if fault is not None:
                    found.setdefault((fault.file, fault.line), fault)
    return list(found.values())


def preview(templates: MailTemplates, mail: MailModel, language: str) -> Rendered:
    """Both formats of a sample mail. Raises whatever an override raises."""
    template = mail.outgoing_mail.template
    words = template_words(mail, templates.language_of(template, language, mail.reader))
    return templates.preview(template, words, mail.reader, language)


def _fault(
    folder: str,
    templates: MailTemplates,
    overrides: Mapping[str, str],
    mail: MailModel,
    language: str,
) -> Finding | None:
    try:
        preview(templates, mail, language)
    # Anything can go wrong in a template; what did, and where, is the finding.
    except Exception as error:
        name, line = _place(error, overrides, mail.outgoing_mail.template)
        what = f"{_what(error)} (rendered with sample data)"
        return _finding(folder, overrides, name, line, what)
    return None


def _place(
    error: Exception, overrides: Mapping[str, str], template: Template
) -> tuple[str, int | None]:
    """The file and line of an override in which the error was raised, as Jinja's traceback says."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [(one.filename, one.lineno) for one in frames if one.filename in overrides]
    first = next((name for name in overrides if name.startswith(f"{template}.")), "")
    return places[-1] if places else (first or next(iter(overrides)), None)


def _what(error: Exception) -> str:
    match error:
        case TemplateNotFound():
            return f"names the template {error.name}, which does not exist"
        case KeyError():
            return f"there is no message {error}"
        case RecursionError():
            return "calls itself without an end"
        case _:
            return str(error)


def _finding(
    folder: str, overrides: Mapping[str, str], name: str, line: int | None, what: str
) -> Finding:
    remedy = "docs/templates.md lists what a template may name"
    file = f"{folder}/{name}" if name in overrides else folder
    return Finding(file=file, line=line, key="", what=what, remedy=remedy)


def formats_of(template: Template) -> tuple[str, ...]:
    """The files of a mail in the package."""
    return tuple(f"{template}.{one}" for one in FORMATS)
