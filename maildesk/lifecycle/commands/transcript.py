"""What an agent is told of the commands of a mail: what was done, what was not, and why."""

from collections.abc import Sequence

from maildesk.lifecycle.commands import undo
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.decision import Template
from maildesk.model.mail import Step
from maildesk.model.person import Person


def explain(builder: DecisionBuilder, done: Sequence[str], failed: Sequence[str]) -> None:
    """The same in the trace."""
    if done:
        builder.explain("command", "done", *done)
    if failed:
        builder.steps.append(Step("command", "not done", rejected=tuple(failed)))


def send(
    builder: DecisionBuilder,
    agent: Person,
    done: Sequence[str],
    failed: Sequence[str],
    beside: str = "",
) -> None:
    """Answer the mail, if there is anything to tell; `beside` is worth a mail by itself."""
    if not (done or failed or beside):
        return
    note = " ".join(part for part in (headline(done, failed), beside) if part)
    text = "\n\n".join(paragraphs(builder, done, failed))
    builder.write(Template.TRANSCRIPT, agent.id, text=text, note=note)


def headline(done: Sequence[str], failed: Sequence[str]) -> str:
    """What became of it, in one sentence."""
    if not failed:
        return "All commands were carried out." if done else ""
    if not done:
        return "Nothing was done and nothing was sent to the requester."
    return "Some commands failed, so nothing was sent to the requester."


def paragraphs(builder: DecisionBuilder, done: Sequence[str], failed: Sequence[str]) -> list[str]:
    """What failed first, what was done, and how it can be taken back."""
    both = bool(done and failed)
    parts = ["\n".join([*(["Not done:"] if both else []), *failed])]
    parts.append("\n".join([*(["Done:"] if both else []), *done]))
    if undo.can_be_undone(builder) and done:
        minutes = int(undo.WINDOW.total_seconds() // 60)
        parts.append(f"To take it back, reply to this mail with #undo within {minutes} minutes.")
    return [part for part in parts if part]
