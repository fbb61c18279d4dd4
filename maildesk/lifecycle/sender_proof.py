"""Who wrote a mail: how sure that is, what that is enough for, and what agents are told of it."""

from maildesk.model.cause import MailArrived
from maildesk.model.decision import Actor, ActorKind
from maildesk.model.mail import Kind
from maildesk.model.message import Message
from maildesk.model.person import Proof

# What each act needs, by its risk; a comment needs nothing. An approval also needs the round:
# the answer must be to the mail that asked what is open now.
DECIDING_A_RESOLUTION = Proof.AUTHENTICATED
ACTING_AS_AN_AGENT = Proof.AUTHENTICATED
APPROVING = Proof.AUTHENTICATED


def actor(mail: MailArrived, kind: ActorKind) -> Actor:
    """The sender as the one who acts, with the proof that there is."""
    return Actor(kind, mail.sender.id, mail.identity.proof.name.lower())


def proof(mail: MailArrived) -> Proof:
    """How sure the sender is. By way of a mailing list everybody on it holds the same token."""
    return Proof.NONE if mail.kind is Kind.LIST else mail.identity.proof


def told(note: Message, mail: MailArrived) -> Message:
    """The note for agents, with a warning if the sender of the mail is not proven."""
    if mail.identity.proof > Proof.NONE:
        return note
    return note + Message.of("note.unproven", address=mail.sender.address)
