"""One command of an agent, about to be done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.cause import Around, Order, OrderedElsewhere, ParentSet
from maildesk.model.decision import FollowUp
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What stood behind the command, and all that it may look at.

    `requester` is the ticket's. `message` is the id of the agent's mail, `text` what that mail
    says around its commands.
    """

    draft: Draft
    agent: Person
    requester: Person
    message: str
    argument: str
    at_top: bool
    text: str
    around: Around

    @property
    def body(self) -> str:
        """The text of the mail and the words behind the command, in the order of the mail."""
        words = (self.argument, self.text) if self.at_top else (self.text, self.argument)
        return "\n\n".join(part for part in words if part)

    @property
    def tickets(self) -> Mapping[int, Ticket]:
        """This ticket and the others as the commands before this one leave them."""
        mine = self.draft.ticket
        found = {**self.around.tickets, mine.number: mine}
        for one in self.draft.follow_ups:
            other = found.get(one.ticket) if one.ticket is not None else None
            match one.cause:
                case OrderedElsewhere(order=ParentSet(), origin=origin) if other is not None:
                    found[other.number] = replace(other, parent=origin)
        return found

    @property
    def latest_words(self) -> str:
        """What the requester said last; "" where somebody else did."""
        latest = self.around.latest
        return latest.text if latest and latest.author.id == self.requester.id else ""

    @property
    def latest_text(self) -> tuple[str, int | None]:
        """The newest text that no agent wrote, and its author; ("", None) if there is none."""
        latest = self.around.latest
        return ("", None) if latest is None else (latest.text, latest.author.id)

    def tell_agents(self, note: str) -> None:
        """Notify who works on the ticket, with the ticket's last words."""
        text, author = self.latest_text
        self.draft.tell_agents(note, text=text, author=author)

    def order(
        self,
        ticket: int | None,
        order: Order,
        *,
        origin: int | None = None,
        number: int | None = None,
        subject: str = "",
        requester: int | None = None,
    ) -> None:
        """Let this follow for another ticket. `origin`: seen from there, else from this one.
        `number`: that of a ticket which is made."""
        cause = OrderedElsewhere(
            agent=self.agent,
            proof=self.draft.actor.proof,
            origin=self.draft.ticket.number if origin is None else origin,
            order=order,
        )
        follow_up = FollowUp(
            ticket=ticket, cause=cause, number=number, subject=subject, requester=requester
        )
        self.draft.follow_ups.append(follow_up)


# What was done, in words behind the command's name; or why not.
Act = Callable[[Task], str | Illegal]

ASKED = Illegal("the ticket waits for an approval, which holds it")
