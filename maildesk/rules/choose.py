"""Finds the first of several named conditions that holds for a ticket."""

from maildesk.config.schema.people import Organisation
from maildesk.model.cause import Facts
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.rules.compile import CompiledRules
from maildesk.rules.engine import answer
from maildesk.rules.facts import Moment, RuleInput

_NO_TIME = Moment(date="", hour=0, weekday="", working_day=False, working_time=False)


def first(
    compiled: CompiledRules, ticket: Ticket, requester: Person, organisation: Organisation
) -> str:
    """The name of the first rule whose `when` holds; "" if none does.

    The rules see neither a mail nor the time, so the result can be computed again later.
    """
    if compiled.rules and compiled.rules[0].rule.when.strip() == "true":
        return compiled.rules[0].rule.name
    rule_input = RuleInput(
        mail=Facts(),
        ticket=ticket,
        requester=requester,
        moment=_NO_TIME,
        organisation=organisation,
    )
    activation = compiled.activation(rule_input)
    return next((r.rule.name for r in compiled.rules if answer(r, activation)[0]), "")
