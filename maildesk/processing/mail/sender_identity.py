"""Who sent a mail and how sure that is: the one place where every handler asks."""

from maildesk.ingest.identity.authenticate import identify
from maildesk.model.mail import Source
from maildesk.model.person import Identity
from maildesk.processing.mail.mail_context import MailContext


def sender_identity(context: MailContext, *, token_proves: bool = False) -> Identity:
    """The sender's identity, from the evidence of the door by which the mail came.

    `token_proves`: a recipient address held a token made for this sender.
    """
    return identify(
        context.mail,
        token_proves=token_proves,
        trust=context.runtime.settings.trust,
        unnamed=_unnamed(context),
        checked=context.checked,
        author=context.attribution,
    )


def _unnamed(context: MailContext) -> bool:
    """Whether the mail lay in a mailbox whose server signs its results with no name."""
    mail = context.kept.mail
    boxes = context.runtime.settings.mailbox
    return mail.source is Source.IMAP and any(
        box.unnamed_results for box in boxes if box.name == mail.mailbox
    )
