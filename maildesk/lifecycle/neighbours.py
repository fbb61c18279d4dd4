"""Which other ticket a rule's `relate` means. Pure: the desk hands in what there is."""

import re

from maildesk.lifecycle.policy import Neighbours
from maildesk.model.policy import Relate
from maildesk.rules.facts import TEXT_CHARACTERS, Scene

_NAMED = re.compile(r"\bMD-([1-9][0-9]{0,8})\b", re.ASCII | re.IGNORECASE)


def find(around: Neighbours, scene: Scene, relate: Relate) -> int | None:
    """The oldest open ticket that fits.

    A child is never older than its parent, and never above one of its own ancestors: so no circle
    comes about. A ticket of somebody else is found by its tag alone, which agents and rules give:
    whoever is resolved with another ticket reads what is said to resolve it.
    """
    mine = scene.ticket.number
    others = [one for one in _candidates(around, scene, relate) if one != mine]
    if relate.as_ == "child" or relate.to != "named":
        others = [one for one in others if not mine or one < mine]
    if relate.as_ == "child":
        others = [one for one in others if one not in around.below]
    return min(others, default=None)


def _candidates(around: Neighbours, scene: Scene, relate: Relate) -> list[int]:
    if relate.to == "tagged":
        return [around.tagged[relate.tag]] if relate.tag in around.tagged else []
    if around.person != scene.ticket.requester:
        return []
    if relate.to == "same subject":
        return [one for one, said in around.own if said and said == around.subject]
    text = f"{scene.mail.subject}\n{scene.mail.text[:TEXT_CHARACTERS]}"
    named = {int(number) for number in _NAMED.findall(text)}
    return [one for one, _ in around.own if one in named]
