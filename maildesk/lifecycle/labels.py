"""How an agent classifies a ticket: service, category, impact, urgency, priority, tags."""

from typing import Literal, get_args

from maildesk.lifecycle import approval
from maildesk.lifecycle.assignment import move_on
from maildesk.lifecycle.classify import set_field, set_priority
from maildesk.lifecycle.naming import pick
from maildesk.lifecycle.task import Act, Task
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.event import Tagged, Untagged
from maildesk.model.policy import Catalog, Grade

_LONGEST_TAG = 60


def _service(task: Task) -> str | Illegal:
    draft = task.draft
    service = pick("service", task.argument, [s.name for s in draft.policy.catalog.service])
    if isinstance(service, Illegal):
        return service
    set_field(draft, "service", service)
    move_on(draft)
    return f"the service is {service}"


def _type(task: Task) -> str | Illegal:
    draft = task.draft
    every = [kind.name for kind in draft.policy.catalog.request_type]
    request_type = pick("request type", task.argument, every)
    if isinstance(request_type, Illegal):
        return request_type
    set_field(draft, "request_type", request_type)
    needs = approval.what_it_needs(draft, task.requester, task.latest_words)
    return f"it is of the type {request_type}{needs}"


def _category(task: Task) -> str | Illegal:
    draft = task.draft
    found = _named(draft.policy.catalog, task.argument)
    if isinstance(found, Illegal):
        return found
    category, sub = found
    set_field(draft, "category", category)
    set_field(draft, "sub_category", sub)
    move_on(draft)
    return f"the category is {category}" + (f" / {sub}" if sub else "")


def _named(catalog: Catalog, said: str) -> tuple[str, str] | Illegal:
    """(category, sub-category): "Access", "Access / VPN", or "VPN" alone."""
    names = {category.name: category.sub for category in catalog.category}
    first, slash, second = said.partition("/")
    if not slash:
        subs = {f"{sub}": name for name, under in names.items() for sub in under}
        found = pick("category", said, [*names, *subs])
        if isinstance(found, Illegal) or found in names:
            return found if isinstance(found, Illegal) else (found, "")
        return subs[found], found
    category = pick("category", first, names)
    if isinstance(category, Illegal):
        return category
    sub = pick(f"sub-category of {category}", second, names[category])
    return sub if isinstance(sub, Illegal) else (category, sub)


def _impact(task: Task) -> str | Illegal:
    return _grade(task, "impact")


def _urgency(task: Task) -> str | Illegal:
    return _grade(task, "urgency")


def _grade(task: Task, field: Literal["impact", "urgency"]) -> str | Illegal:
    grade = pick(field, task.argument, get_args(Grade))
    if isinstance(grade, Illegal):
        return grade
    set_field(task.draft, field, grade)
    set_priority(task.draft)
    move_on(task.draft)
    priority = task.draft.ticket.priority
    return f"the {field} is {grade}" + (f", the priority {priority}" if priority else "")


def _priority(task: Task) -> str | Illegal:
    matrix = task.draft.policy.catalog.matrix
    every = sorted({priority for row in matrix.values() for priority in row.values()})
    priority = pick("priority", task.argument, every)
    if isinstance(priority, Illegal):
        return priority
    set_field(task.draft, "priority", priority)
    move_on(task.draft)
    return f"the priority is {priority}"


def _tag(task: Task) -> str | Illegal:
    off = task.argument.startswith("-")
    tag = task.argument.lstrip("-").strip()[:_LONGEST_TAG]
    there = tag in task.draft.ticket.tags
    if not tag:
        return Illegal("write the tag behind it")
    if off and not there:
        return Illegal(f'the ticket has no tag "{tag}"')
    if off:
        task.draft.add(Untagged(tag))
        return f'tag "{tag}" taken off'
    if not there:
        task.draft.add(Tagged(tag))
    return f'tagged "{tag}"'


COMMANDS: dict[str, Act] = {
    "service": _service,
    "type": _type,
    "category": _category,
    "impact": _impact,
    "urgency": _urgency,
    "priority": _priority,
    "tag": _tag,
}
