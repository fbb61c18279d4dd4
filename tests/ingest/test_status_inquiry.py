"""A mail that only asks about the status, and one that changes the request."""

import pytest

from maildesk.ingest.intent.status_inquiry import only_chases

REQUEST = "New laptop I need a laptop. A mouse I have."


@pytest.mark.parametrize(
    "text",
    [
        "Any news?",
        "Hi, is there any news on this? Thanks, Rita",
        "When will the laptop come?",
        "Could you please let me know when this is approved?",
        "Just a gentle reminder.",
        "We are still waiting for the approval.",
        "Gibt es schon etwas Neues?\n\nViele Grüße\nRita",
        "Wann wird das entschieden?",
        "Avez-vous des nouvelles de ma demande ?",
    ],
)
def test_who_asks_how_it_stands_changes_nothing(text: str) -> None:
    assert only_chases(text, REQUEST, "Rita Rossi")


@pytest.mark.parametrize(
    "text",
    [
        "Make it two.",
        "Make that 10",
        "And the mouse?",
        "Can I have it in blue?",
        "Not the laptop, any news?",
        "Any news? It should be a Mac.",
        "When can I have the mouse as well?",
        "Still a laptop and a laptop",
        "No laptop please",
        "",
        "When? " * 200,
    ],
)
def test_anything_else_may_change_the_request(text: str) -> None:
    assert not only_chases(text, REQUEST, "Rita Rossi")
