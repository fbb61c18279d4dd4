"""`maildesk template`: the templates of mails, which ones are overridden, and how mails look."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.options import call_of
from maildesk.cli.console.output import print_json
from maildesk.config.load import ConfigErrors, mail_overrides
from maildesk.messages.catalogue import DEFAULT
from maildesk.model.decision import Template
from maildesk.outgoing.templating.mail_templates import MailTemplates, shipped_names, shipped_source
from maildesk.outgoing.templating.template_check import formats_of, preview
from maildesk.outgoing.templating.template_samples import complete

template = typer.Typer(no_args_is_help=True, help="The templates of mails: list and preview them.")


@template.command("list")
def list_(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="One a line.")] = False
) -> None:
    """List the templates of mails, and the files that override them."""
    overrides = _overrides(ctx)
    for one in Template:
        own = [name for name in sorted(overrides) if name.partition(".")[0] == one]
        if as_json:
            print_json({"name": one, "files": formats_of(one), "overrides": own})
        else:
            typer.echo(f"{one:20} {', '.join(own)}".rstrip())
    shared = [name for name in sorted(overrides) if name.partition(".")[0] not in set(Template)]
    if shared and not as_json:
        typer.echo(f"shared: {', '.join(shared)}")


@template.command()
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as reply, or reply.html.")],
    shipped: Annotated[
        bool,
        typer.Option("--shipped", help="Show the one of the package, even if overridden."),
    ] = False,
) -> None:
    """Print the source of a template, to begin an override with."""
    overrides = {} if shipped else _overrides(ctx)
    files = formats_of(Template(name)) if name in set(Template) else (name,)
    for one in files:
        if one not in overrides and one not in shipped_names():
            raise CommandFailed(_unknown(name, [*Template, *shipped_names(), *overrides]))
        if len(files) > 1:
            typer.echo(f"{{# {one} #}}")
        typer.echo(overrides[one] if one in overrides else shipped_source(one), nl=False)


@template.command("preview")
def preview_(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as reply.")],
    language: Annotated[
        str, typer.Option("--lang", help="The recipient's language, such as de.")
    ] = DEFAULT,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the HTML here.")
    ] = None,
) -> None:
    """Render a mail with sample data: the text to stdout, the HTML into a file."""
    if name not in set(Template):
        raise CommandFailed(_unknown(name, Template))
    mail = complete(Template(name), language)
    page = preview(MailTemplates(_overrides(ctx)), mail, language)
    typer.echo(page.text, nl=False)
    if html is None:
        return
    try:
        html.write_text(page.html, encoding="utf-8")
    except OSError as error:
        raise CommandFailed(f"{html}: {error.strerror or error}") from error


def _overrides(ctx: typer.Context) -> Mapping[str, str]:
    """Those beside maildesk.toml, if there is one. Raises ConfigErrors for a broken one."""
    found, findings = mail_overrides(call_of(ctx).path)
    if findings:
        raise ConfigErrors(findings)
    return found


def _unknown(name: str, known: list[str] | type[Template]) -> str:
    near = get_close_matches(name, [str(one) for one in known], n=1)
    hint = f"did you mean {near[0]}?" if near else "`maildesk template list` shows them"
    return f"there is no mail template {name}; {hint}"
