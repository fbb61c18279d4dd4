"""The transcript: what the commands of a mail did, what failed, and why."""

from collections.abc import Sequence

from maildesk.lifecycle.commands import undo
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.decision import CommandResult, CommandResults, Template
from maildesk.model.mail import Step
from maildesk.model.message import Message, joined
from maildesk.model.person import Person


def results(
    builder: DecisionBuilder, done: Sequence[CommandResult], failed: Sequence[CommandResult]
) -> CommandResults:
    """The results of the commands, and for how long they can be undone."""
    minutes = int(undo.WINDOW.total_seconds() // 60)
    undoable = bool(done) and undo.can_be_undone(builder)
    return CommandResults(
        done=tuple(done), failed=tuple(failed), undo_minutes=minutes if undoable else 0
    )


def explain(builder: DecisionBuilder, results: CommandResults) -> None:
    """Add the results to the trace."""
    if results.done:
        builder.explain("command", "done", *map(_line, results.done))
    if results.failed:
        builder.steps.append(
            Step("command", "not done", rejected=tuple(map(_line, results.failed)))
        )


def _line(result: CommandResult) -> Message:
    if not result.line:
        return Message.of("command.text-result", result=result.message)
    return Message.of("command.result", command=result.line, result=result.message)


def send(
    builder: DecisionBuilder,
    agent: Person,
    results: CommandResults,
    remark: Message | None = None,
    unsent: str = "",
) -> None:
    """Answer the mail if there are results or a remark. `unsent` is text that went to nobody."""
    if not (results.done or results.failed or remark):
        return
    note = joined(headline(results), remark)
    builder.write(Template.TRANSCRIPT, agent.id, note=note, results=results, text=unsent)


def headline(results: CommandResults) -> Message | None:
    """The outcome of all commands in one sentence; None if there were none."""
    if not results.failed:
        return Message.of("transcript.all-done") if results.done else None
    if not results.done:
        return Message.of("transcript.nothing-done")
    return Message.of("transcript.some-failed")
