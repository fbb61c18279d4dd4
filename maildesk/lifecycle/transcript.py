"""What an agent is told of the commands of a mail: what was done, what was not, and why."""

from collections.abc import Sequence

from maildesk.lifecycle import undo
from maildesk.lifecycle.draft import Draft
from maildesk.model.decision import Template
from maildesk.model.mail import Step
from maildesk.model.person import Person


def explain(draft: Draft, done: Sequence[str], failed: Sequence[str]) -> None:
    """The same in the trace."""
    if done:
        draft.explain("command", "done", *done)
    if failed:
        draft.steps.append(Step("command", "not done", rejected=tuple(failed)))


def send(
    draft: Draft, agent: Person, done: Sequence[str], failed: Sequence[str], beside: str = ""
) -> None:
    """Answer the mail, if there is anything to tell; `beside` is worth a mail by itself."""
    if not (done or failed or beside):
        return
    note = " ".join(part for part in (headline(done, failed), beside) if part)
    text = "\n\n".join(paragraphs(draft, done, failed))
    draft.write(Template.TRANSCRIPT, agent.id, text=text, note=note)


def headline(done: Sequence[str], failed: Sequence[str]) -> str:
    """What became of it, in one sentence."""
    if not failed:
        return "What you ordered is done." if done else ""
    if not done:
        return "Nothing was done and nothing was sent to the requester."
    return "Something is wrong: not all was done, and nothing was sent to the requester."


def paragraphs(draft: Draft, done: Sequence[str], failed: Sequence[str]) -> list[str]:
    """What failed first, what was done, and how it can be taken back."""
    both = bool(done and failed)
    parts = ["\n".join([*(["Not done:"] if both else []), *failed])]
    parts.append("\n".join([*(["Done:"] if both else []), *done]))
    if undo.can_be_undone(draft) and done:
        minutes = int(undo.WINDOW.total_seconds() // 60)
        parts.append(f"To take it back, reply to this mail with #undo within {minutes} minutes.")
    return [part for part in parts if part]
