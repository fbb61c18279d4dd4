"""approvals.toml: kinds of approval and their levels."""

from typing import Literal

from pydantic import Field

from maildesk.config.schema.part import Part, Words
from maildesk.model.event import Quorum

Expiry = Literal["escalate", "reject", "approve"]


class ApprovalLevel(Part):
    """A level of an approval; its approvers are asked at the same time."""

    approvers: Words = Field(
        ("manager",),
        description="approver or list of approvers: manager (the requester's reporting manager), "
        "manager's manager, an address of people.toml, or a group or team (all its members)",
    )
    quorum: Quorum = Field(
        "all",
        description="approvals needed: all, any, majority (more than half), or first (first "
        "answer)",
    )


class ApprovalKind(Part):
    """A kind of approval with its approvers, reminders and expiry."""

    name: str = Field(description="name of the approval, used in rules and by #approval")
    level: tuple[ApprovalLevel, ...] = Field(
        (ApprovalLevel(),), min_length=1, description="levels, asked one after the other"
    )
    remind_after_days: int = Field(
        0, ge=0, le=365, description="interval of reminders in business days; 0 for no reminder"
    )
    expire_after_days: int = Field(
        0, ge=0, le=365, description="business days before the approval expires; 0 for never"
    )
    on_expiry: Expiry = Field(
        "escalate",
        description="on expiry: escalate (to the approver's manager or the fallback), reject or "
        "approve",
    )
    ask_again: Literal["when the requester writes", "never"] = Field(
        "when the requester writes",
        description="request the approval again after a change: when the requester writes, or "
        "never",
    )


class Approvals(Part):
    """approvals.toml"""

    fallback: str | None = Field(
        None, description="address of the approver for requesters without a reporting manager"
    )
    approval: tuple[ApprovalKind, ...] = Field(
        (), description="kinds of approval; `manager` with one level always exists"
    )
    link_days: int = Field(30, ge=1, le=365, description="validity of links in mails, in days")

    @property
    def kinds(self) -> tuple[ApprovalKind, ...]:
        """The kinds of the file; `manager` always exists."""
        if any(kind.name == "manager" for kind in self.approval):
            return self.approval
        return (*self.approval, ApprovalKind(name="manager"))

    def kind(self, name: str) -> ApprovalKind | None:
        """The kind of that name, or None."""
        return next((kind for kind in self.kinds if kind.name == name), None)
