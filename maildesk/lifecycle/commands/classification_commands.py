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

_LONGEST_TAG = 60


def _service(task: Task) -> str | Refusal:
    builder = task.builder
    service = pick("service", task.argument, [s.name for s in builder.policy.catalog.service])
    if isinstance(service, Refusal):
        return service
    set_field(builder, "service", service)
    move_on(builder)
    return f"the service is {service}"


def _type(task: Task) -> str | Refusal:
    builder = task.builder
    every = [kind.name for kind in builder.policy.catalog.request_type]
    request_type = pick("request type", task.argument, every)
    if isinstance(request_type, Refusal):
        return request_type
    set_field(builder, "request_type", request_type)
    needs = start.what_it_needs(builder, task.requester, task.requester_text)
    return f"it is of the type {request_type}{needs}"


def _category(task: Task) -> str | Refusal:
    builder = task.builder
    found = _named(builder.policy.catalog, task.argument)
    if isinstance(found, Refusal):
        return found
    category, sub = found
    set_field(builder, "category", category)
    set_field(builder, "sub_category", sub)
    move_on(builder)
    return f"the category is {category}" + (f" / {sub}" if sub else "")


def _named(catalog: Catalog, said: str) -> tuple[str, str] | Refusal:
    """(category, sub-category): "Access", "Access / VPN", or "VPN" alone."""
    names = {category.name: category.sub for category in catalog.category}
    first, slash, second = said.partition("/")
    if not slash:
        subs = {f"{sub}": name for name, under in names.items() for sub in under}
        found = pick("category", said, [*names, *subs])
        if isinstance(found, Refusal) or found in names:
            return found if isinstance(found, Refusal) else (found, "")
        return subs[found], found
    category = pick("category", first, names)
    if isinstance(category, Refusal):
        return category
    sub = pick(f"sub-category of {category}", second, names[category])
    return sub if isinstance(sub, Refusal) else (category, sub)


def _impact(task: Task) -> str | Refusal:
    return _grade(task, "impact")


def _urgency(task: Task) -> str | Refusal:
    return _grade(task, "urgency")


def _grade(task: Task, field: Literal["impact", "urgency"]) -> str | Refusal:
    grade = pick(field, task.argument, get_args(Grade))
    if isinstance(grade, Refusal):
        return grade
    set_field(task.builder, field, grade)
    set_priority(task.builder)
    move_on(task.builder)
    priority = task.builder.ticket.priority
    return f"the {field} is {grade}" + (f", the priority {priority}" if priority else "")


def _priority(task: Task) -> str | Refusal:
    matrix = task.builder.policy.catalog.matrix
    every = sorted({priority for row in matrix.values() for priority in row.values()})
    priority = pick("priority", task.argument, every)
    if isinstance(priority, Refusal):
        return priority
    set_field(task.builder, "priority", priority)
    move_on(task.builder)
    return f"the priority is {priority}"


def _tag(task: Task) -> str | Refusal:
    off = task.argument.startswith("-")
    tag = task.argument.lstrip("-").strip()[:_LONGEST_TAG]
    there = tag in task.builder.ticket.tags
    if not tag:
        return Refusal("write the tag behind it")
    if off and not there:
        return Refusal(f'the ticket has no tag "{tag}"')
    if off:
        task.builder.add(Untagged(tag))
        return f'tag "{tag}" taken off'
    if not there:
        task.builder.add(Tagged(tag))
    return f'tagged "{tag}"'


COMMANDS: dict[str, CommandHandler] = {
    "service": _service,
    "type": _type,
    "category": _category,
    "impact": _impact,
    "urgency": _urgency,
    "priority": _priority,
    "tag": _tag,
}
