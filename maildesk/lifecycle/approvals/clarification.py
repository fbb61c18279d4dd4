"""What is asked back where a mail is not enough to act on: a proof of its sender, or a reason."""

from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.cause import MailArrived
from maildesk.model.decision import Answer, Decision, Template
from maildesk.model.event import MessageAdded
from maildesk.model.mail import Disposition
from maildesk.model.person import Proof
from maildesk.model.token import Purpose


def unproven(mail: MailArrived, builder: DecisionBuilder, *purposes: Purpose) -> Decision:
    """Proof falls short: nothing changes, and the true person is told at the known address."""
    builder.add(MessageAdded(mail.message, "unproven"))
    asked_in, now_in = mail.round, builder.ticket.round
    why = mail.identity.rejected if mail.identity.proof is Proof.NONE else ()
    if mail.choice is not None and asked_in != now_in:
        why = (*why, f"answers a mail of round {asked_in}, the ticket is in round {now_in}")
    builder.explain("lifecycle", "nothing changed: proof falls short", *why)
    builder.write(Template.CONFIRMATION, mail.sender.id, links=purposes)
    return builder.decision(Answer.UNPROVEN, Disposition.FOLLOW_UP, "unproven")


def reason_missing(mail: MailArrived, builder: DecisionBuilder, purpose: Purpose) -> Decision:
    """A rejection that says nothing else: the text is kept, and the reason asked for."""
    builder.add(MessageAdded(mail.message, "comment"))
    builder.explain("lifecycle", "a rejection without a reason; asked for it")
    builder.write(
        Template.CONFIRMATION,
        mail.sender.id,
        note="A rejection needs a reason. Please reply with reject and the reason.",
        links=(purpose,),
    )
    return builder.decision(Answer.REASON_MISSING, Disposition.FOLLOW_UP, "comment")
