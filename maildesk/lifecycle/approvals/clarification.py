"""Questions to the sender of a mail that cannot be acted on: proof or a reason is missing."""

from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.cause import MailArrived
from maildesk.model.decision import Answer, Decision, Template
from maildesk.model.event import MessageAdded
from maildesk.model.links.token import Purpose
from maildesk.model.mail import Disposition
from maildesk.model.message import Message
from maildesk.model.person import Proof


def unproven(mail: MailArrived, builder: DecisionBuilder, *purposes: Purpose) -> Decision:
    """The proof is not sufficient: nothing changes, and a mail to the known address says so."""
    builder.add(MessageAdded(mail.message, "unproven"))
    asked_in, now_in = mail.round, builder.ticket.round
    why = mail.identity.rejected if mail.identity.proof is Proof.NONE else ()
    if mail.choice is not None and asked_in != now_in:
        why = (*why, f"answers a mail of round {asked_in}, the ticket is in round {now_in}")
    builder.explain("lifecycle", "nothing changed: proof falls short", *why)
    builder.write(Template.CONFIRMATION, mail.sender.id, links=purposes)
    return builder.decision(Answer.UNPROVEN, Disposition.FOLLOW_UP, "unproven")


def reason_missing(mail: MailArrived, builder: DecisionBuilder, purpose: Purpose) -> Decision:
    """A rejection without a reason: the text is stored, and the sender is asked for the reason."""
    builder.add(MessageAdded(mail.message, "comment"))
    builder.explain("lifecycle", "a rejection without a reason; asked for it")
    builder.write(
        Template.CONFIRMATION,
        mail.sender.id,
        note=Message.of("note.reason-missing"),
        links=(purpose,),
    )
    return builder.decision(Answer.REASON_MISSING, Disposition.FOLLOW_UP, "comment")
