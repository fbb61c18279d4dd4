"""A ticket on the command line: `1042` or `MD-1042`."""

from typing import Annotated

import typer

from maildesk.model.command import ticket_number


def read_number(value: str | int) -> int:
    """The ticket number. Raises typer.BadParameter."""
    found = value if isinstance(value, int) else ticket_number(value)
    if found is None:
        raise typer.BadParameter(f"{value} is not a ticket number; write 1042 or MD-1042")
    return found


Number = Annotated[
    int,
    typer.Argument(
        metavar="TICKET", parser=read_number, help="The ticket, written as 1042 or MD-1042."
    ),
]
