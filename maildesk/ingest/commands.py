"""What a person orders by mail: an agent with `#` lines, a decider with one word. Pure.

Both are read in the new text of a mail alone, never in a quote.

Commands stand at the top or at the bottom of the text. A line is a command when it begins with
`#` and a letter right behind it: `# heading` and `#1` are text. What mail programs put in front
(the bullet of a list, stars of bold print, signs that nobody sees) is passed over where the full
name of a command follows.

- At the top, a command that takes text takes its own line and the lines right below it, up to
  the next blank line or command. What follows goes to the requester.
- At the bottom, it takes everything up to the next command or the end.
- A short closing ("Kind regards", a name) may stand below the last command: it ends the text.
- A command between two pieces of other text, also one that is nearly spelt right, is neither
  obeyed nor passed on: it is reported as wrong, and whoever reads the result sends nothing. An
  unknown word there is text.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice

from maildesk.ingest.thanks import closing_at
from maildesk.model.cause import Choice, Command, WrongCommand
from maildesk.model.command import COMMANDS, Takes

_KINDS = {kind.name: kind for kind in COMMANDS}
_LINE = re.compile(r"#([A-Za-z]\S{0,39})(?:\s+(.*))?\Z", re.DOTALL)
_TOO_MANY = "one command too many in one mail: this and all below it were not read"
_IN_FRONT = re.compile(r"(?:[\s*_+•·◦▪▫●○■□‣➢–—-]|[0-9]{1,3}[.)]){0,12}\Z")
_SPEAKING = frozenset({"template", "kb", "resolve"})  # bring words that a closing may end
_BOLD = "*_"
_LOOKED_CLOSELY = 500  # lines amid text that are compared with every command
_NEAR = 0.75  # how alike a word is to a command that it probably means
_MOST = 50  # commands that are read in one mail
_CERTAIN = 3  # letters from which a beginning counts as a command in the middle of text


@dataclass(frozen=True, slots=True)
class CommandReading:
    """The text without its commands, the commands in order, and the lines not understood."""

    text: str
    commands: tuple[Command, ...] = ()
    wrong: tuple[WrongCommand, ...] = ()


@dataclass(slots=True)
class _Block:
    """A command line and the lines of text that belong to it."""

    line: str
    word: str
    rest: list[str]

    @property
    def argument(self) -> str:
        return "\n".join(self.rest).strip()


def read_commands(text: str) -> CommandReading:
    """Part the agent's new text into what goes on and what is ordered. Never raises."""
    lines = text.splitlines()
    cut = closing_at(lines)
    above = next((line for line in reversed(lines[:cut]) if line.strip()), "")
    block = _block(above)
    goes_on = any(_block(line) for line in lines[cut:])
    if cut == len(lines) or goes_on or block is None or _takes_text(block):
        reading = _read(lines)
    else:
        reading = _read(lines[:cut])
        closing = "\n".join(lines[cut:]).strip()
        reading = replace(reading, text=f"{reading.text}\n\n{closing}".strip())
    speaks = not reading.commands or any(one.name in _SPEAKING for one in reading.commands)
    is_closing = not speaks and closing_at(reading.text.splitlines()) == 0
    return replace(reading, text="") if is_closing else reading


def _read(lines: list[str]) -> CommandReading:
    top, begin = _top(lines)
    end = _bottom_start(lines, begin)
    blocks = top + list(_blocks(lines[end:]))
    read = [_understood(block, place < len(top)) for place, block in enumerate(blocks[:_MOST])]
    read += [WrongCommand(block.line[:200], _TOO_MANY) for block in blocks[_MOST:][:1]]
    middle = islice(_in_the_middle(lines[begin:end]), _MOST)
    return CommandReading(
        text="\n".join(lines[begin:end]).strip(),
        commands=tuple(one for one in read if isinstance(one, Command)),
        wrong=(*(one for one in read if isinstance(one, WrongCommand)), *middle),
    )


def _block(line: str) -> _Block | None:
    """The command that a line begins, or None where it is text."""
    if "#" not in line:
        return None
    head, _, rest = line.partition("#")
    head, rest = _seen(head), _seen(rest)
    if not _IN_FRONT.match(head):
        return None
    decorated = head.strip()
    if set(decorated).intersection(_BOLD):
        rest = rest.rstrip(_BOLD + " ")
    match = _LINE.match(f"#{rest.strip()}")
    if match is None or rest[:1].isspace():
        return None
    word = match[1].rstrip(f":.,;!{_BOLD}").lower()
    if decorated and word not in _KINDS:
        return None
    return _Block(line.strip(), word, [match[2]] if match[2] else [])


def _seen(text: str) -> str:
    """Without the signs at both ends that nobody sees, as a zero-width joiner."""
    begin, end = 0, len(text)
    while begin < end and unicodedata.category(text[begin]) == "Cf":
        begin += 1
    while end > begin and unicodedata.category(text[end - 1]) == "Cf":
        end -= 1
    return text[begin:end]


def _named(word: str) -> list[str]:
    """The commands that a word can mean: the exact one, else all that begin with it."""
    return [word] if word in _KINDS else [name for name in _KINDS if name.startswith(word)]


def _takes_text(block: _Block) -> bool:
    names = _named(block.word)
    return len(names) == 1 and _KINDS[names[0]].takes is Takes.TEXT


def _top(lines: list[str]) -> tuple[list[_Block], int]:
    """(commands at the top, index of the first line that is none of theirs)."""
    blocks: list[_Block] = []
    open_block: _Block | None = None
    for index, line in enumerate(lines):
        block = _block(line)
        if block:
            blocks.append(block)
            open_block = block if _takes_text(block) else None
        elif not line.strip():
            open_block = None
        elif open_block:
            open_block.rest.append(line)
        else:
            return blocks, index
    return blocks, len(lines)


def _bottom_start(lines: list[str], begin: int) -> int:
    """Index of the first command of the bottom: from there on no line is the requester's."""
    start = end = len(lines)
    for index in range(end - 1, begin - 1, -1):
        block = _block(lines[index])
        if block is None:
            continue
        if not _takes_text(block) and any(line.strip() for line in lines[index + 1 : end]):
            break
        start = end = index
    return start


def _blocks(lines: list[str]) -> Iterator[_Block]:
    """The commands of lines that begin with one, each with all lines up to the next."""
    current: _Block | None = None
    for line in lines:
        block = _block(line)
        if block:
            if current:
                yield current
            current = block
        elif current:
            current.rest.append(line)
    if current:
        yield current


def _understood(block: _Block, at_top: bool) -> Command | WrongCommand:
    names = _named(block.word)
    if len(names) != 1:
        return WrongCommand(block.line[:200], _hint(block.word, names))
    kind = _KINDS[names[0]]
    if kind.takes in (Takes.TEXT, Takes.VALUE) and not block.argument:
        what = "the text" if kind.takes is Takes.TEXT else "what you mean"
        return WrongCommand(block.line[:200], f"write {what} behind it: {kind.usage}")
    if block.argument and kind.takes is Takes.NOTHING:
        return WrongCommand(block.line[:200], f"#{kind.name} stands alone on its line")
    return Command(kind.name, block.argument, at_top)


def _hint(word: str, names: list[str]) -> str:
    if names:
        return "can mean " + " or ".join(f"#{name}" for name in names)
    near = get_close_matches(word, _KINDS, n=1)
    return f"did you mean #{near[0]}?" if near else "not known; #help shows what there is"


def _in_the_middle(lines: list[str]) -> Iterator[WrongCommand]:
    looked = 0
    for line in lines:
        block = _block(line)
        if block is None:
            continue
        looked += 1
        if _is_sure(block.word) or (looked <= _LOOKED_CLOSELY and _is_near(block.word)):
            near = "" if _named(block.word) else f"; {_hint(block.word, [])}"
            place = "stands between text: put it at the top or at the bottom"
            yield WrongCommand(block.line[:200], place + near)


def _is_sure(word: str) -> bool:
    return word in _KINDS or (len(word) >= _CERTAIN and bool(_named(word)))


def _is_near(word: str) -> bool:
    return len(word) > _CERTAIN and bool(get_close_matches(word, _KINDS, n=1, cutoff=_NEAR))


# ---- decisions

WORDS: dict[Choice, tuple[str, ...]] = {
    Choice.APPROVE: (
        *("approve", "approved"),
        *("genehmigt", "genehmige"),
        *("approuvé", "approuvée", "approuve"),
        *("aprobado", "aprobada", "apruebo"),
        *("approvato", "approvata", "approvo"),
    ),
    Choice.REJECT: (
        *("reject", "rejected", "decline", "declined"),
        *("abgelehnt", "zurückgewiesen"),
        *("refusé", "refusée", "refuse", "rejeté", "rejetée", "rejette"),
        *("rechazado", "rechazada", "rechazo"),
        *("rifiutato", "rifiutata", "rifiuto", "respinto", "respinta"),
    ),
    Choice.ACCEPT: (
        *("accept", "accepted"),
        *("akzeptiert", "akzeptiere", "angenommen"),
        *("accepté", "acceptée", "accepte"),
        *("aceptado", "aceptada", "acepto"),
        *("accettato", "accettata", "accetto"),
    ),
    Choice.WITHDRAW: ("withdraw", "withdrawn", "zurückgezogen", "retirée", "retirado", "ritirata"),
}
_KEEP = re.compile(
    r"\s{0,5}(?:keep (?:it |this )?open|offen ?lassen|laisser ouvert|dejar abierto|"
    r"lasciare aperto)\b",
    re.IGNORECASE,
)
_POLITE = frozenset({"thanks", "thank", "thx", "please", "danke", "merci", "gracias", "grazie"})
_SIGNING = _POLITE.union(
    (
        "regards",
        "kind",
        "best",
        "warm",
        "yours",
        "sincerely",
        "cheers",
        "br",
        "you",
        "very",
        "much",
    ),
    (
        "viele",
        "vielen",
        "liebe",
        "beste",
        "grüße",
        "grüsse",
        "gruß",
        "gruss",
        "mit",
        "freundlichen",
    ),
    ("freundliche", "mfg", "vg", "lg", "dank", "cordialement", "bien", "saludos", "saluti"),
)
_SAYS = re.compile(r"[0-9]|[^\w\s.,;:!'’*_()\-–—\u200b-\u200f\u2060\ufeff]")
_CONDITIONS = frozenset({"if", "when", "unless", "once", "wenn", "falls", "sobald", "si", "se"})
_DOUBTS = _CONDITIONS.union(
    ("after", "until", "but", "except", "only", "not", "no", "never", "cannot", "without", "yet"),
    ("however", "although", "though", "provided", "subject", "condition", "conditional", "still"),
    ("wait", "later", "maybe", "perhaps", "tomorrow"),
    ("sofern", "aber", "nicht", "nur", "kein", "keine", "erst", "nachdem", "vorbehaltlich"),
    ("vielleicht", "später", "jedoch", "außer", "ausser", "nie", "ohne", "noch"),
    ("mais", "pas", "sauf", "quand", "lorsque", "seulement", "après", "non", "jamais", "sans"),
    ("pero", "cuando", "solo", "sólo", "salvo", "excepto", "después", "nunca", "sin"),
    ("ma", "quando", "soltanto", "tranne", "dopo", "purché", "senza"),
)
# Said anywhere below a yes, these take it back. Each is of a kind that no disclaimer has: "it may
# still contain viruses", "we do not accept" and "please do not print" are none.
_VERBS = "work|print|start|open|load|connect|respond|boot|run|turn|scan|send|sync|log|help"
_STATES = "broken|failing|fixed|solved|resolved|working|printing|wrong|down|ok"
_TROUBLE = re.compile(
    rf"""\b(?:
    # it goes on, or nothing has changed
    (?<!may\ )(?<!can\ )(?<!might\ )(?<!could\ )still
    | nothing\ (?:{_VERBS}|happen|changed|has)s? | keeps?\ \w{{2,20}}ing
    | same\ (?:problem|error|issue|fault|message|thing)
    | (?:problem|error|issue|fault|symptom)s?\ (?:persist|remain|continu|exist|occur)\w{{0,4}}
    # it is back
    | (?:it|problem|error|issue|fault)(?:\ is|'s|\ has\ come|\ came)\ back
    | (?:happen|fail|broke|crash|jam|stop|fr[eo]ez|froze|hang|hung|c[oa]me|appear|occur|stuck|down|
      broken|back|wrong)\w{{0,4}}\ (?:\w{{1,15}}\ ){{0,2}}again | again\ (?:broken|down|stuck)
    # it does not do what it should
    | (?:is|are|it's)\ (?:broken|failing|wrong)
    | not\ (?:yet\ |really\ |quite\ )?(?:{_STATES}) | (?:is|are)n't\ (?:{_STATES})
    | do(?:\ not|n't)\ (?:work|help) | (?:does|did|will)(?:\ not|n't)\ (?:{_VERBS})
    | won't\ (?:{_VERBS}) | no\ longer\ (?:{_VERBS})s?
    | (?:i|we)\ (?:can't|cannot|can\ not|couldn't|could\ not)\ (?:{_VERBS}|use|access|see|reach)
    # in other languages
    | (?:geht|funktioniert|klappt|läuft|druckt|startet)\ (?:(?:noch|immer|leider|aber|es)\ ){{0,4}}
      nicht
    | (?:immer\ noch|noch\ immer) | weiterhin\ (?:kaputt|nicht|defekt|kein)
    | (?:problem|fehler)\ (?:besteht|bleibt|tritt)
    | ne\ (?:marche|fonctionne)\ (?:toujours\ )?(?:pas|plus) | toujours\ (?:pas|en\ panne)
    | (?:todavía|aún|sigue)\ (?:no|sin|igual) | no\ (?:funciona|imprime)
    | (?:problème|problema|erreur|errore)\ (?:persist|rest|continu)\w{{0,4}}
    | non\ (?:funziona|stampa) | ancora\ (?:non|rott[oa])
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_DECISIONS = {word: choice for choice, words in WORDS.items() for word in words}
# To take a request back is no answer to a question of ours: beside others it leaves no doubt.
_DECIDING = frozenset(word for word, said in _DECISIONS.items() if said is not Choice.WITHDRAW)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_FIRST = re.compile(r"[\s*_\"'“„«]{0,5}([^\W\d_]{1,40})[*_\"'”“»]{0,3}(.*)", re.DOTALL)
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n")
_QUESTIONS = ("?", "¿", "？")
_SEPARATORS = ".,;:!-–—\n"
_LOOKED_AT = 4_000  # characters: a decision stands at the front
_OPENING_LINES = 3


@dataclass(frozen=True, slots=True)
class DecisionWord:
    """What was decided, and the words beside it.

    Strict on purpose: a decision is the first word of the first line. A yes with a condition,
    a question, a negation or a second decision beside it is unclear, and never a yes.

    `unclear`: the text speaks of a decision but does not make one; ask with a link.
    """

    choice: Choice | None
    reason: str = ""
    unclear: bool = False


def read_decision(text: str, author: str = "") -> DecisionWord:
    """The decision in the new text of a reply. Never raises; in doubt there is none.

    Where the `author` only signs, no reason is given.
    """
    read = _read_decision(text.strip())
    return replace(read, reason="") if author and _only_signs(read.reason, author) else read


def _read_decision(whole: str) -> DecisionWord:
    front = unicodedata.normalize("NFC", whole[:_LOOKED_AT]).replace("’", "'")
    plain = front + whole[_LOOKED_AT:]
    kept = _KEEP.match(plain)
    if kept is not None and _is_plain(Choice.KEEP, plain[kept.end() :]):
        return DecisionWord(Choice.KEEP, plain[kept.end() :].lstrip(_SEPARATORS + " \t").strip())
    first = _FIRST.match(plain)
    choice = _DECISIONS.get(first[1].casefold()) if first else None
    if first is None or choice is None:
        return DecisionWord(None, unclear=_speaks_of_one(plain))
    rest = first[2]
    reason = rest.lstrip(_SEPARATORS + " \t").strip()
    if _is_plain(choice, rest):
        return DecisionWord(choice, reason)
    return DecisionWord(None, reason, unclear=True)


def takes_back(comment: str) -> bool:
    """Whether words that somebody adds to a yes on a page take it back, or make it depend.

    All of them count: below a comment of a page there is neither a signature nor a disclaimer.
    """
    looked_at = unicodedata.normalize("NFC", comment[:_LOOKED_AT]).replace("’", "'")
    words = _words(looked_at)
    rejects = any(_DECISIONS.get(word) is Choice.REJECT for word in words)
    asks = any(mark in looked_at for mark in _QUESTIONS)
    return rejects or asks or any(map(_is_doubt, words)) or bool(_TROUBLE.search(looked_at))


def _only_signs(words: str, name: str) -> bool:
    """Whether the words below a decision are no more than a name and a greeting."""
    signing = {*_words(name), *_SIGNING}
    return all(word in signing for word in _words(words)) and not _SAYS.search(words)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _speaks_of_one(text: str) -> bool:
    lines = [line for line in text[:_LOOKED_AT].splitlines() if line.strip()]
    return any(word in _DECIDING for word in _words("\n".join(lines[:_OPENING_LINES])))


def _is_plain(choice: Choice, rest: str) -> bool:
    """Whether the words beside the decision leave no doubt of it."""
    beside = _beside(rest)
    words = _words(beside)
    follows = rest.lstrip(" \t\r")
    if follows.startswith(_QUESTIONS) or any(word in _DECIDING for word in words):
        return False
    if choice is Choice.REJECT:
        return not words or words[0] not in _CONDITIONS
    polite = bool(words) and words[0] in _POLITE
    separate = not follows or follows[0] in _SEPARATORS or polite
    asked = any(mark in beside for mark in _QUESTIONS)
    contradicted = bool(_TROUBLE.search(rest[:_LOOKED_AT]))
    return separate and not asked and not contradicted and not any(map(_is_doubt, words))


def _beside(rest: str) -> str:
    """The rest of the decision's paragraph, and the first word of the next.

    No more: a disclaimer further down ("if you are not the intended ...") is no condition.
    """
    opening, *below = _PARAGRAPH.split(rest[:_LOOKED_AT], maxsplit=1)
    return " ".join([opening, *_WORD.findall("".join(below))[:1]])


def _is_doubt(word: str) -> bool:
    return word in _DOUBTS or word.endswith("n't")
