"""Finds the ticket that a rule's `relate` describes, among candidates from the caller. No I/O."""

import re

from maildesk.config.schema.rules import Relate
from maildesk.lifecycle.policy import Neighbours
from maildesk.rules.facts import TEXT_CHARACTERS, RuleInput

_NAMED = re.compile(r"\bMD-([1-9][0-9]{0,8})\b", re.ASCII | re.IGNORECASE)


def find(command_context: Neighbours, rule_input: RuleInput, relate: Relate) -> int | None:
    """The number of the oldest open ticket that matches; None if there is none.

    A child is never older than its parent and never an ancestor of it, so no cycle arises. Another
    requester's ticket is found only by its tag, which agents and rules set, because the requesters
    of related tickets read the same resolution.
    """
    mine = rule_input.ticket.number
    others = [one for one in _candidates(command_context, rule_input, relate) if one != mine]
    if relate.as_ == "child" or relate.to != "named":
        others = [one for one in others if not mine or one < mine]
    if relate.as_ == "child":
        others = [one for one in others if one not in command_context.below]
    return min(others, default=None)


def _candidates(command_context: Neighbours, rule_input: RuleInput, relate: Relate) -> list[int]:
    if relate.to == "tagged":
        return [command_context.tagged[relate.tag]] if relate.tag in command_context.tagged else []
    if command_context.person != rule_input.ticket.requester:
        return []
    if relate.to == "same subject":
        return [
            one for one, said in command_context.own if said and said == command_context.subject
        ]
    text = f"{rule_input.mail.subject}\n{rule_input.mail.text[:TEXT_CHARACTERS]}"
    named = {int(number) for number in _NAMED.findall(text)}
    return [one for one, _ in command_context.own if one in named]
