"""Ready texts of answers.toml, put in where the command stood: `#template`, `#kb`."""

from maildesk.config.schema.answers import Answers
from maildesk.lifecycle.commands.match_argument import pick
from maildesk.lifecycle.commands.task import CommandHandler, Task
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import Command
from maildesk.model.message import Message


def filled_in(answers: Answers, text: str, commands: tuple[Command, ...]) -> str:
    """The text of the mail with each ready answer in its place, above or below the agent's."""
    above = [_text(answers, command) for command in commands if command.at_top]
    below = [_text(answers, command) for command in commands if not command.at_top]
    return "\n\n".join(part.strip() for part in (*above, text, *below) if part.strip())


def _text(answers: Answers, command: Command) -> str:
    found = _named(answers, command)
    return "" if found is None or isinstance(found, Refusal) else found[1]


def _named(answers: Answers, command: Command) -> tuple[str, str] | Refusal | None:
    """(name, text) of what the command puts in; None for another command."""
    if command.name not in ("template", "kb"):
        return None
    kind, every = (
        (Message.of("kind.template"), answers.template)
        if command.name == "template"
        else (Message.of("kind.article"), answers.article)
    )
    texts = {one.name: one.text for one in every}
    name = pick(kind, command.argument, texts)
    return name if isinstance(name, Refusal) else (name, texts[name])


def _template(task: Task) -> Message | Refusal:
    return _put_in(task, "template")


def _article(task: Task) -> Message | Refusal:
    return _put_in(task, "kb")


def _put_in(task: Task, command: str) -> Message | Refusal:
    found = _named(task.builder.policy.answers, Command(command, task.argument))
    if found is None or isinstance(found, Refusal):
        return found or Refusal(Message.of("refusal.nothing-to-insert"))
    return Message.of("command.inserted", name=found[0])


COMMANDS: dict[str, CommandHandler] = {"template": _template, "kb": _article}
