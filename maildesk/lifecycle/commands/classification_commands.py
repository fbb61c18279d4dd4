"""How an agent classifies a ticket: service, category, impact, urgency, priority, tags."""

from typing import Literal, get_args

from maildesk.config.schema.catalog import Catalog, Grade
from maildesk.lifecycle.approvals import start
from maildesk.lifecycle.classification.classify import set_field, set_priority
from maildesk.lifecycle.commands.assignment import move_on
from maildesk.lifecycle.commands.match_argument import pick
from maildesk.lifecycle.commands.task import CommandHandler, Task
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.event import Tagged, Untagged
from maildesk.model.message import Message

_LONGEST_TAG = 60


def _service(task: Task) -> Message | Refusal:
    builder = task.builder
    service = pick(
        Message.of("kind.service"), task.argument, [s.name for s in builder.policy.catalog.service]
    )
    if isinstance(service, Refusal):
        return service
    set_field(builder, "service", service)
    move_on(builder)
    return Message.of("command.service", service=service)


def _type(task: Task) -> Message | Refusal:
    builder = task.builder
    every = [kind.name for kind in builder.policy.catalog.request_type]
    request_type = pick(Message.of("kind.request-type"), task.argument, every)
    if isinstance(request_type, Refusal):
        return request_type
    set_field(builder, "request_type", request_type)
    needs = start.what_it_needs(builder, task.requester, task.requester_text)
    return Message.of("command.type", type=request_type).then(needs)


def _category(task: Task) -> Message | Refusal:
    builder = task.builder
    found = _named(builder.policy.catalog, task.argument)
    if isinstance(found, Refusal):
        return found
    category, sub = found
    set_field(builder, "category", category)
    set_field(builder, "sub_category", sub)
    move_on(builder)
    if sub:
        return Message.of("command.sub-category", category=category, sub=sub)
    return Message.of("command.category", category=category)


def _named(catalog: Catalog, said: str) -> tuple[str, str] | Refusal:
    """(category, sub-category): "Access", "Access / VPN", or "VPN" alone."""
    names = {category.name: category.sub for category in catalog.category}
    first, slash, second = said.partition("/")
    if not slash:
        subs = {f"{sub}": name for name, under in names.items() for sub in under}
        found = pick(Message.of("kind.category"), said, [*names, *subs])
        if isinstance(found, Refusal) or found in names:
            return found if isinstance(found, Refusal) else (found, "")
        return subs[found], found
    category = pick(Message.of("kind.category"), first, names)
    if isinstance(category, Refusal):
        return category
    sub = pick(Message.of("kind.sub-category", category=category), second, names[category])
    return sub if isinstance(sub, Refusal) else (category, sub)


def _impact(task: Task) -> Message | Refusal:
    return _grade(task, "impact")


def _urgency(task: Task) -> Message | Refusal:
    return _grade(task, "urgency")


_KINDS = {"impact": Message.of("kind.impact"), "urgency": Message.of("kind.urgency")}
_GRADED = {"impact": "command.impact", "urgency": "command.urgency"}


def _grade(task: Task, field: Literal["impact", "urgency"]) -> Message | Refusal:
    grade = pick(_KINDS[field], task.argument, get_args(Grade))
    if isinstance(grade, Refusal):
        return grade
    set_field(task.builder, field, grade)
    set_priority(task.builder)
    move_on(task.builder)
    priority = task.builder.ticket.priority
    said = Message.of(_GRADED[field], grade=grade)
    return said + Message.of("command.priority", priority=priority) if priority else said


def _priority(task: Task) -> Message | Refusal:
    matrix = task.builder.policy.catalog.matrix
    every = sorted({priority for row in matrix.values() for priority in row.values()})
    priority = pick(Message.of("kind.priority"), task.argument, every)
    if isinstance(priority, Refusal):
        return priority
    set_field(task.builder, "priority", priority)
    move_on(task.builder)
    return Message.of("command.priority", priority=priority)


def _tag(task: Task) -> Message | Refusal:
    off = task.argument.startswith("-")
    tag = task.argument.lstrip("-").strip()[:_LONGEST_TAG]
    there = tag in task.builder.ticket.tags
    if not tag:
        return Refusal(Message.of("refusal.no-tag-named"))
    if off and not there:
        return Refusal(Message.of("refusal.not-tagged", tag=tag))
    if off:
        task.builder.add(Untagged(tag))
        return Message.of("command.untagged", tag=tag)
    if not there:
        task.builder.add(Tagged(tag))
    return Message.of("command.tagged", tag=tag)


COMMANDS: dict[str, CommandHandler] = {
    "service": _service,
    "type": _type,
    "category": _category,
    "impact": _impact,
    "urgency": _urgency,
    "priority": _priority,
    "tag": _tag,
}
