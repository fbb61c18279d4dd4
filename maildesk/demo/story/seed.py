"""Creates the first tickets of the demo, in different states, by real mails."""

from maildesk.demo.environment import DemoEnvironment
from maildesk.demo.mailbox_mail import Draft, answer
from maildesk.demo.story.cast import ANN, DESK_ADDRESS, LEE, MAX, RITA, Persona
from maildesk.demo.story.polling import new_letter

_LICENCE = "Order a licence for the layout program"
_VPN = "VPN from home"
_PASSWORD = "Locked out after the holidays"
_SCANNER = "Scanner sends empty pages"

_REQUESTS = {
    _PASSWORD: "Hello,\n\nI have forgotten my password and now the account is locked.\n\nRita",
    _VPN: "Hello,\n\nthe VPN asks for a code that I do not have. What do I do?\n\nRita",
    _SCANNER: "Hello,\n\nthe scanner in the mail room sends me empty pages since Monday.\n\nRita",
    _LICENCE: "Hello,\n\nI am to make the spring catalogue and need the layout program.\n\nRita",
}
_SECONDS = 30.0  # the desk has just started


def first_tickets(house: DemoEnvironment) -> None:
    """Create four tickets of Rita: closed, resolved, in progress, and waiting for approval.

    Mails that need an action stay unread. Raises NotInTime.
    """
    rita = house.program(RITA)
    for subject, text in _REQUESTS.items():
        rita.send(Draft(to=DESK_ADDRESS, subject=subject, text=text))
    _reply(house, ANN, _PASSWORD, "#resolve Your account is open again, Rita.")
    _reply(house, ANN, _SCANNER, "Hello Rita,\n\nI am on my way to the mail room.\n\nAnn")
    _reply(
        house, LEE, _VPN, "#resolve The code is in the app. An article explains how to set it up."
    )
    _reply(house, RITA, _PASSWORD, "accept", says="Does this resolve your request")
    _read(house, RITA, _PASSWORD, "is closed")
    _read(house, RITA, _SCANNER, "on my way")
    for subject in _REQUESTS:
        _read(house, RITA, subject, "Thank you for contacting us")
    new_letter(
        house.program(RITA), subject=_VPN, says="Does this resolve your request", keep_unread=True
    )
    new_letter(house.program(MAX), subject=_LICENCE, keep_unread=True)


def _reply(
    house: DemoEnvironment, persona: Persona, subject: str, words: str, says: str = ""
) -> None:
    program = house.program(persona)
    letter = new_letter(program, subject=subject, says=says, seconds=_SECONDS)
    program.send(answer(letter, words))


def _read(house: DemoEnvironment, persona: Persona, subject: str, says: str) -> None:
    new_letter(house.program(persona), subject=subject, says=says)
