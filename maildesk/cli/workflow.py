"""`maildesk workflow`: checks and draws the workflow of tickets."""

from pathlib import Path
from typing import Annotated

import typer

from maildesk.cli.console.errors import CommandFailed
from maildesk.cli.console.options import call_of
from maildesk.cli.console.output import print_json
from maildesk.lifecycle.workflow.diagram import mermaid, svg
from maildesk.lifecycle.workflow.workflow_check import NEEDED, automatic

workflow = typer.Typer(no_args_is_help=True, help="The workflow of tickets: check, draw.")


@workflow.command()
def check(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False
) -> None:
    """Check that every status is reachable and that every path can end in Closed.

    Problems are reported as configuration errors, with file and line.
    """
    flow = call_of(ctx).config().policy.workflow
    alone = automatic(flow)
    if as_json:
        moves = [{"from": origin, "to": to, "by": by} for origin, to, by in alone]
        counts = {"statuses": len(flow.status), "moves": len(flow.move)}
        print_json(counts | {"automatic": moves, "needed": len(NEEDED)})
        return
    typer.echo(f"{len(flow.status)} statuses: all are reachable, and every path can end in Closed")
    typer.echo(f"{len(NEEDED)} required automatic moves: all are defined")
    typer.echo(f"{len(alone)} moves by rules and timers, without a cycle:")
    for by in dict.fromkeys(by for _, _, by in alone):
        for to in dict.fromkeys(to for _, to, mover in alone if mover == by):
            origins = ", ".join(o for o, end, mover in alone if (end, mover) == (to, by))
            typer.echo(f"  {by:6} {origins} -> {to}")


@workflow.command()
def draw(
    ctx: typer.Context,
    path: Annotated[Path | None, typer.Argument(metavar="[FILE.svg]")] = None,
    as_mermaid: Annotated[
        bool, typer.Option("--mermaid", help="Print a Mermaid state diagram instead of SVG.")
    ] = False,
) -> None:
    """Draw the workflow as SVG, to the file or to stdout."""
    flow = call_of(ctx).config().policy.workflow
    drawn = mermaid(flow) if as_mermaid else svg(flow)
    if path is None:
        typer.echo(drawn, nl=False)
        return
    try:
        path.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror or error}") from error
    typer.echo(f"{path}: {len(flow.status)} statuses, {len(flow.move)} moves")
