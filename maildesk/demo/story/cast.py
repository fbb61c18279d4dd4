"""Who plays in the demo: people with a mailbox, what they can try, and the desk's address."""

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
    """A mail to the desk, written in advance; `then` says what it sets going."""

    subject: str
    text: str
    then: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """The beginning of a reply; `then` says what it does.

    It fits a mail that says `to`.
    """

    text: str
    then: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Somebody to play. `part` is the part in the company, `task` what to do with the mailbox."""

    user: str
    name: str
    part: str
    task: str
    starters: tuple[Starter, ...] = ()
    phrases: tuple[Phrase, ...] = ()

    @property
    def address(self) -> str:
        """Where mails reach this person."""
        return address_of(self.user)


# What the desk's mails say; a reply that fits one of them makes no sense elsewhere.
_ASKS_REQUESTER = "Is it solved for you?"
_ASKS_MANAGER = "asks for your approval"
_TELLS_AGENT = "#resolve <text>"

_AGENT_PHRASES = (
    Phrase("Hello Rita, we are looking into it.", "An answer: Rita gets it", _TELLS_AGENT),
    Phrase(
        "#resolve It works again. The part was worn.",
        "Resolved: Rita gets the text and is asked whether it is solved",
        _TELLS_AGENT,
    ),
    Phrase("#note The spare part is ordered.", "A note that agents alone can see", _TELLS_AGENT),
    Phrase("#take", "The ticket is yours", _TELLS_AGENT),
)

RITA = Persona(
    user="rita",
    name="Rita Rossi",
    part="asks for things",
    task="Write to the service desk and see what comes back. When a ticket is resolved, "
    "you have the last word.",
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
            "Ann in the first line gets it at once",
        ),
        Starter(
            "WiFi drops in the meeting room",
            "Hello,\n\nthe WiFi in room 2.14 is gone every few minutes.\n\nRita",
            "A rule sends it to Lee in the network team",
        ),
    ),
    phrases=(
        Phrase("accept", "It is solved: the ticket closes", _ASKS_REQUESTER),
        Phrase(
            "reject It still does not work.",
            "It is not solved: the ticket opens again",
            _ASKS_REQUESTER,
        ),
    ),
)

MAX = Persona(
    user="max",
    name="Max Moreno",
    part="Rita's manager",
    task="Open the mail that asks for your approval. Decide with its buttons, or just reply.",
    phrases=(
        Phrase("approve", "The desk goes on with it", _ASKS_MANAGER),
        Phrase(
            "reject Not before the next quarter.",
            "The ticket closes, and Rita reads the reason",
            _ASKS_MANAGER,
        ),
    ),
)

ANN = Persona(
    user="ann",
    name="Ann Archer",
    part="agent, first line",
    task="Reply to a ticket as to any mail: your text goes to the one who asked. "
    "A line that begins with # is a command.",
    phrases=_AGENT_PHRASES,
)

LEE = Persona(
    user="lee",
    name="Lee Linden",
    part="agent, network",
    task="What has to do with VPN, WiFi or the network comes to you. Reply as Ann does.",
    phrases=_AGENT_PHRASES,
)

NINA = Persona(
    user="nina",
    name="Nina Novak",
    part="Max's deputy",
    task="When Max's mail program says that he is on holiday, what he is asked comes to you. "
    "Decide with the buttons, or just reply.",
    phrases=MAX.phrases,
)

PERSONAS = (RITA, MAX, NINA, ANN, LEE)
USERS = (DESK, *(persona.user for persona in PERSONAS))
