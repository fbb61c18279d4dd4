"""The people of the demo with their mailboxes, the mails they can try, and the desk's address."""

from dataclasses import dataclass

DOMAIN = "demo.example"
DESK = "desk"  # the desk's own mailbox
PASSWORD = "demo"


def address_of(user: str) -> str:
    """The mail address of a user of the demo."""
    return f"{user}@{DOMAIN}"


DESK_ADDRESS = address_of(DESK)
MONITORING_ADDRESS = address_of("monitoring")


@dataclass(frozen=True, slots=True)
class Starter:
    """A prepared mail to the desk; `then` says what happens next."""

    subject: str
    text: str
    then: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """A prepared reply; `then` says what it does. It is offered for mails that contain `to`."""

    text: str
    then: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A person to play: `part` is the job in the company, `task` explains the mailbox."""

    user: str
    name: str
    part: str
    task: str
    starters: tuple[Starter, ...] = ()
    phrases: tuple[Phrase, ...] = ()

    @property
    def address(self) -> str:
        """The mail address of this person."""
        return address_of(self.user)


# Texts in mails from the desk, each with its own set of replies.
_ASKS_REQUESTER = "Does this resolve your request?"
_ASKS_MANAGER = "requests your approval"
_TELLS_AGENT = "#resolve <text>"

_AGENT_PHRASES = (
    Phrase("Hello Rita, we are looking into it.", "Sends an answer to Rita", _TELLS_AGENT),
    Phrase(
        "#resolve It works again. The part was worn.",
        "Resolves the ticket: Rita gets the text and is asked whether it is solved",
        _TELLS_AGENT,
    ),
    Phrase(
        "#note The spare part is ordered.", "Adds a note that only agents can see", _TELLS_AGENT
    ),
    Phrase("#take", "Assigns the ticket to you", _TELLS_AGENT),
)

RITA = Persona(
    user="rita",
    name="Rita Rossi",
    part="requester",
    task="Write to the service desk and see what comes back. When a ticket is resolved, "
    "you accept or reject the resolution.",
    starters=(
        Starter(
            "New laptop please",
            "Hello,\n\nmy laptop is six years old and needs ten minutes to start.\n"
            "Could I have a new one?\n\nRita",
            "A rule asks Max, her manager, for approval",
        ),
        Starter(
            "Printer on the third floor jams",
            "Hello,\n\nevery second page is stuck in the printer beside the kitchen.\n\nRita",
            "A rule assigns it to the first line; Ann is notified",
        ),
        Starter(
            "WiFi drops in the meeting room",
            "Hello,\n\nthe WiFi in room 2.14 is gone every few minutes.\n\nRita",
            "A rule assigns it to the network team; Lee is notified",
        ),
    ),
    phrases=(
        Phrase("accept", "Accepts the resolution: the ticket is closed", _ASKS_REQUESTER),
        Phrase(
            "reject It still does not work.",
            "Rejects the resolution: the ticket is reopened",
            _ASKS_REQUESTER,
        ),
    ),
)

MAX = Persona(
    user="max",
    name="Max Moreno",
    part="Rita's manager",
    task="Open the mail that asks for your approval. Decide with the buttons in it, or reply.",
    phrases=(
        Phrase("approve", "Approves: the desk starts to work on it", _ASKS_MANAGER),
        Phrase(
            "reject Not before the next quarter.",
            "Rejects: the ticket is closed, and Rita reads the reason",
            _ASKS_MANAGER,
        ),
    ),
)

ANN = Persona(
    user="ann",
    name="Ann Archer",
    part="agent, first line",
    task="Reply to a ticket as to any mail: your text is sent to the requester. "
    "A line that begins with # is a command.",
    phrases=_AGENT_PHRASES,
)

LEE = Persona(
    user="lee",
    name="Lee Linden",
    part="agent, network",
    task="You get every ticket about VPN, WiFi or the network. Reply to it as Ann does.",
    phrases=_AGENT_PHRASES,
)

NINA = Persona(
    user="nina",
    name="Nina Novak",
    part="Max's deputy",
    task="When Max's mail program replies that he is on holiday, you get his approval "
    "requests. Decide with the buttons, or reply.",
    phrases=MAX.phrases,
)

PERSONAS = (RITA, MAX, NINA, ANN, LEE)
USERS = (DESK, *(persona.user for persona in PERSONAS))
