"""One command of an agent, about to be done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import CommandContext, Order, ParentSet, RelatedTicketChange
from maildesk.model.decision import RelatedChange
from maildesk.model.message import Message
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What stood behind the command, and all that it may look at.

    `requester` is the ticket's. `message` is the id of the agent's mail, `text` what that mail
    says around its commands.
    """

    builder: DecisionBuilder
    agent: Person
    requester: Person
    message: str
    argument: str
    at_top: bool
    text: str
    command_context: CommandContext

    @property
    def body(self) -> str:
        """The text of the mail and the words behind the command, in the order of the mail."""
        words = (self.argument, self.text) if self.at_top else (self.text, self.argument)
        return "\n\n".join(part for part in words if part)

    @property
    def tickets(self) -> Mapping[int, Ticket]:
        """This ticket and the others as the commands before this one leave them."""
        mine = self.builder.ticket
        found = {**self.command_context.tickets, mine.number: mine}
        for one in self.builder.related_changes:
            other = found.get(one.ticket) if one.ticket is not None else None
            match one.cause:
                case RelatedTicketChange(order=ParentSet(), origin=origin) if other is not None:
                    found[other.number] = replace(other, parent=origin)
        return found

    @property
    def requester_text(self) -> str:
        """What the requester said last; "" where somebody else did."""
        latest = self.command_context.latest
        return latest.text if latest and latest.author.id == self.requester.id else ""

    @property
    def newest_text(self) -> tuple[str, int | None]:
        """The newest text that no agent wrote, and its author; ("", None) if there is none."""
        latest = self.command_context.latest
        return ("", None) if latest is None else (latest.text, latest.author.id)

    def tell_agents(self, note: Message) -> None:
        """Notify who works on the ticket, with the ticket's last words."""
        text, author = self.newest_text
        self.builder.tell_agents(note, text=text, author=author)

    def order(
        self,
        ticket: int | None,
        order: Order,
        *,
        origin: int | None = None,
        subject: str = "",
        requester: int | None = None,
    ) -> None:
        """Let this follow for another ticket. `origin`: seen from there, else from this one."""
        cause = RelatedTicketChange(
            agent=self.agent,
            proof=self.builder.actor.proof,
            origin=self.builder.ticket.number if origin is None else origin,
            order=order,
        )
        related_change = RelatedChange(
            ticket=ticket, cause=cause, subject=subject, requester=requester
        )
        self.builder.related_changes.append(related_change)


# What was done, or why it was not.
CommandHandler = Callable[[Task], Message | Refusal]

WAITS_FOR_APPROVAL = Refusal(Message.of("refusal.waits-for-approval"))
