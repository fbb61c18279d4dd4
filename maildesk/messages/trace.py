"""Renders the steps of a trace in English, for the admin."""

from dataclasses import replace

from maildesk.messages.catalogue import DEFAULT
from maildesk.messages.translator import translator
from maildesk.model.mail import Step
from maildesk.model.message import Message


def in_english(step: Step) -> Step:
    """The step with its evidence as plain strings."""
    if all(isinstance(one, str) for one in (*step.evidence, *step.rejected)):
        return step
    evidence, rejected = tuple(map(english, step.evidence)), tuple(map(english, step.rejected))
    return replace(step, evidence=evidence, rejected=rejected)


def english(words: Message | str | None) -> str:
    """The words in English, with times in their own zone; "" for None."""
    if words is None or isinstance(words, str):
        return words or ""
    return translator(DEFAULT, None).text(words)
