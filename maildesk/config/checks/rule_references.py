"""Checks that everything a rule in rules.toml refers to exists."""

from collections.abc import Iterator

from maildesk.config.checks.name_references import named_once, unknown
from maildesk.config.checks.policy_references import unknown_person
from maildesk.config.error_messages import near, quoted
from maildesk.config.errors import Fault
from maildesk.config.schema.answers import Answers
from maildesk.config.schema.approvals import Approvals
from maildesk.config.schema.catalog import Catalog
from maildesk.config.schema.people import People
from maildesk.config.schema.rules import Rule, Rules, Then
from maildesk.config.schema.workflow import Workflow
from maildesk.config.toml_positions import KeyPath


def rules_faults(
    rules: Rules,
    people: People | None,
    catalog: Catalog | None,
    workflow: Workflow | None = None,
    approvals: Approvals | None = None,
    answers: Answers | None = None,
) -> Iterator[Fault]:
    """rules.toml: names in rules exist in the other files, as far as those could be read."""
    yield from named_once("rule", (rule.name for rule in rules.rule))
    yield from named_once("test", (test.name for test in rules.test))
    for i, rule in enumerate(rules.rule):
        yield from _waiting(i, rule)
        if workflow is not None:
            yield from _rule_workflow(i, rule, workflow)
    for i, rule in enumerate(rules.rule):
        if approvals is not None and rule.then.ask_approval is not None:
            names = [kind.name for kind in approvals.kinds]
            path = ("rule", i, "then", "ask_approval")
            yield from unknown(path, "approval", rule.then.ask_approval, names)
        yield from _rule_mail(("rule", i, "then", "mail"), rule.then, answers)
        yield from _relation(("rule", i, "then", "relate"), rule.then)
        if people is not None:
            yield from _rule_people(("rule", i, "then"), rule.then, people)
        if catalog is not None:
            yield from _rule_catalog(("rule", i, "then"), rule.then, catalog)


def _relation(path: KeyPath, then: Then) -> Iterator[Fault]:
    """`tag` is given with `to = "tagged"` and only then."""
    relate = then.relate
    if relate is not None and (relate.to == "tagged") != bool(relate.tag):
        problem = '`to = "tagged"` and `tag` belong together'
        yield Fault(path, problem, 'write relate = { as = "child", to = "tagged", tag = "outage" }')


def _rule_mail(path: KeyPath, then: Then, answers: Answers | None) -> Iterator[Fault]:
    mail = then.mail
    if mail is None:
        return
    if (mail.text is None) == (mail.template is None):
        problem = "a mail needs either `text` or `template`"
        yield Fault(path, problem, 'write mail = { text = "..." }')
    elif mail.template is not None and answers is not None:
        names = [one.name for one in answers.template]
        yield from unknown((*path, "template"), "template", mail.template, names)


def _waiting(i: int, rule: Rule) -> Iterator[Fault]:
    """`waited`, `in_status` and `on = "waited"` belong together; only new mails can be rejected."""
    if "waited" in rule.on and not (rule.waited and rule.in_status):
        missing = "in_status" if rule.waited else "waited"
        problem = f'`on = "waited"` without `{missing}`'
        yield Fault(("rule", i, "on"), problem, 'add waited = "3 business days" and in_status')
    if rule.waited and rule.on != ("waited",):
        problem = "`waited` needs a rule whose only trigger is `waited`"
        yield Fault(("rule", i, "waited"), problem, 'write on = "waited"')
    for key in ("drop", "quarantine"):
        if getattr(rule.then, key) is not None and rule.on != ("created",):
            problem = "a mail can be rejected only before it opens a ticket"
            yield Fault(("rule", i, "then", key), problem, 'write on = "created"')
    if rule.then.acknowledge is not None and "created" not in rule.on:
        problem = "only a new ticket is acknowledged"
        yield Fault(("rule", i, "then", "acknowledge"), problem, 'write on = "created"')


def _rule_workflow(i: int, rule: Rule, workflow: Workflow) -> Iterator[Fault]:
    statuses = [status.name for status in workflow.status]
    for j, name in enumerate(rule.in_status):
        yield from unknown(("rule", i, "in_status", j), "status", name, statuses)
    wanted = rule.then.status
    if wanted is None:
        return
    open_to_rules = [move.to for move in workflow.move if "rule" in move.by]
    if wanted in statuses and wanted not in open_to_rules:
        problem = f"no move to {quoted(wanted)} is allowed for rules"
        remedy = 'add "rule" to `by` of a [[move]] in workflow.toml'
        yield Fault(("rule", i, "then", "status"), problem, remedy)
    yield from unknown(("rule", i, "then", "status"), "status", wanted, statuses)


def _rule_people(path: KeyPath, then: Then, people: People) -> Iterator[Fault]:
    teams = [team.name for team in people.team]
    for key in ("team", "escalate"):
        team = getattr(then, key)
        if team is not None:
            yield from unknown((*path, key), "team", team, teams)
    known = [person.address for person in people.person]
    for j, address in enumerate(then.watch):
        yield from unknown_person((*path, "watch", j), address, known)
    if then.assignee is not None:
        agents = [member.casefold() for team in people.team for member in team.members]
        if then.assignee.casefold() not in agents:
            problem = f"{quoted(then.assignee)} is not a member of any team"
            yield Fault((*path, "assignee"), problem, near(then.assignee, agents))


def _rule_catalog(path: KeyPath, then: Then, catalog: Catalog) -> Iterator[Fault]:
    named = {
        "service": [service.name for service in catalog.service],
        "category": [category.name for category in catalog.category],
        "request_type": [kind.name for kind in catalog.request_type],
        "sub_category": _sub_categories(then.category, catalog),
        "priority": sorted({name for row in catalog.matrix.values() for name in row.values()}),
    }
    for key, known in named.items():
        name = getattr(then, key)
        if name is not None:
            yield from unknown((*path, key), key.replace("_", " "), name, known)


def _sub_categories(category: str | None, catalog: Catalog) -> list[str]:
    """The sub-categories of the category, or all if the rule sets no category."""
    return [sub for c in catalog.category if category in (None, c.name) for sub in c.sub]
