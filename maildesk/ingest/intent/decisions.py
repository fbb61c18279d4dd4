"""What somebody decides by mail, with one word. Pure.

Read in the new text of a mail alone, never in a quote.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import takewhile

from maildesk.ingest.intent.thanks import CLOSINGS
from maildesk.model.cause import Choice

WORDS: dict[Choice, tuple[str, ...]] = {
    Choice.APPROVE: (
        *("approve", "approved"),
        *("genehmigt", "genehmige", "genehmigen"),
        *("approuvé", "approuvée", "approuve", "approuver"),
        *("aprobado", "aprobada", "apruebo", "aprobar"),
        *("approvato", "approvata", "approvo", "approvare"),
    ),
    Choice.REJECT: (
        *("reject", "rejected", "decline", "declined"),
        *("abgelehnt", "ablehnen", "zurückgewiesen", "zurückweisen"),
        *("refusé", "refusée", "refuse", "refuser", "rejeté", "rejetée", "rejette", "rejeter"),
        *("rechazado", "rechazada", "rechazo", "rechazar"),
        *("rifiutato", "rifiutata", "rifiuto", "rifiutare", "respinto", "respinta", "respingere"),
    ),
    Choice.ACCEPT: (
        *("accept", "accepted"),
        *("akzeptiert", "akzeptiere", "akzeptieren", "angenommen"),
        *("accepté", "acceptée", "accepte"),
        *("aceptado", "aceptada", "acepto"),
        *("accettato", "accettata", "accetto"),
    ),
    Choice.WITHDRAW: (
        *("withdraw", "withdrawn", "zurückgezogen", "zurückziehen"),
        *("retirée", "retirer", "retirado", "retirar", "ritirata", "ritirare"),
    ),
}
# What may stand before a decision and belongs to it: a greeting on its own line, and "I".
_GREETING = re.compile(
    r"\s{0,5}(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|guten (?:tag|morgen)|"
    r"moin|liebe[rs]?|sehr geehrte[rs]?|bonjour|salut|hola|buen[oa]s (?:días|tardes)|ciao|"
    r"buongiorno|gentile)\b[^\n.?:;]{0,60}\n\s{0,20}",
    re.IGNORECASE,
)
_I = re.compile(r"\s{0,5}(?:(?:i|we|ich|wir|je|yo|io)(?: hereby| hiermit)? |j')", re.IGNORECASE)
# What may stand behind it: what is decided about.
_OBJECT = re.compile(
    r"[ \t]{1,5}(?:it|that|es|das|(?:this|the|your|diesen?|den|die|dies|la|cette|esta|questa)"
    r"(?: (?:request|order|purchase|antrag|anfrage|bestellung|demande|solicitud|richiesta))?)"
    r"(?=[ \t]{0,5}(?:[.,;:!\n–—-]|\Z))",
    re.IGNORECASE,
)
# A sentence by which a request is taken back, and what only sounds like one.
_TAKES_BACK = re.compile(
    r"\s{0,5}(?:(?:please|bitte|i|i want to|i would like to|i'd like to|i hereby) )?"
    r"(?:(?:withdraw|cancel|retract)(?: it| that|(?: this| the| my)(?: request| order| ticket)?)?|"
    r"storniert|stornieren|annulé|anulado|annullato|"
    r"(?:die |diese |meine |den |diesen |meinen )?(?:anfrage|antrag|bestellung) (?:bitte )?"
    r"(?:zurückziehen|stornieren)|"
    r"(?:ich )?ziehe (?:die|diese|meine|den|diesen|meinen) (?:anfrage|antrag|bestellung) "
    r"(?:hiermit )?zurück|(?:je )?retire (?:ma|la) demande|retiro (?:mi|la) solicitud|"
    r"ritiro la (?:mia )?richiesta)(?=\s{0,5}(?:[.,;:!\n–—-]|\Z))",
    re.IGNORECASE,
)
_WITHDRAWING = re.compile(
    r"\b(?:withdr[ae]w\w*|cancel\w*|retract\w*|storn\w+|zurück ?(?:zu ?)?(?:zieh|gezogen)\w*|"
    r"ziehe\b[^.\n]{0,60}\bzurück|annul\w+|anul\w+|retir(?:er|ar|o|e|ez)|ritir(?:are|o|ata)|"
    r"no longer need(?:ed)?|not need(?:ed)? (?:it )?any ?more|"
    r"(?:brauche|benötige)\b[^.\n]{0,60}\bnicht mehr)\b",
    re.IGNORECASE,
)
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
    `withdrawing`: it seems to take a request back; ask whoever made one.
    """

    choice: Choice | None
    reason: str = ""
    unclear: bool = False
    withdrawing: bool = False


def read_decision(text: str, author: str = "") -> DecisionWord:
    """The decision in the new text of a reply. Never raises; in doubt there is none.

    Where the `author` only signs, no reason is given.
    """
    read = _read_decision(text.strip())
    return replace(read, reason="") if author and _only_signs(read.reason, author) else read


def _read_decision(whole: str) -> DecisionWord:
    front = unicodedata.normalize("NFC", whole[:_LOOKED_AT]).replace("’", "'")
    opening = _opening(front)
    plain = _without_greeting(front + whole[_LOOKED_AT:])
    back = _TAKES_BACK.match(plain)
    if back is not None and _is_plain(Choice.WITHDRAW, plain[back.end() :]):
        return DecisionWord(Choice.WITHDRAW, plain[back.end() :].lstrip(_SEPARATORS + " \t"))
    kept = _KEEP.match(plain)
    if kept is not None and _is_plain(Choice.KEEP, plain[kept.end() :]):
        return DecisionWord(Choice.KEEP, plain[kept.end() :].lstrip(_SEPARATORS + " \t").strip())
    said = _I.match(plain)
    first = _FIRST.match(plain[said.end() :] if said else plain)
    choice = _DECISIONS.get(first[1].casefold()) if first else None
    withdrawing = bool(_WITHDRAWING.search(opening))
    if first is None or choice is None:
        return DecisionWord(None, unclear=_speaks_of_one(opening), withdrawing=withdrawing)
    about = _OBJECT.match(first[2])
    rest = first[2][about.end() :] if about else first[2]
    reason = rest.lstrip(_SEPARATORS + " \t").strip()
    if _is_plain(choice, rest):
        return DecisionWord(choice, reason)
    return DecisionWord(None, reason, unclear=True, withdrawing=withdrawing)


def _without_greeting(text: str) -> str:
    greeting = _GREETING.match(text)
    return text[greeting.end() :] if greeting else text


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
    """Whether the words below a decision are no more than a name, a greeting, or what stands below
    the line that closes a mail."""
    signing = {*_words(name), *_SIGNING, *CLOSINGS}
    said = "\n".join(takewhile(_goes_on, words.splitlines()))
    return all(word in signing for word in _words(said)) and not _SAYS.search(said)


def _goes_on(line: str) -> bool:
    """Whether no mail is closed by the line, as by `Kind regards,`."""
    words = set(_words(line))
    return not words or words <= _POLITE or not words <= CLOSINGS


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _speaks_of_one(opening: str) -> bool:
    return any(word in _DECIDING for word in _words(opening))


def _opening(text: str) -> str:
    lines = [line for line in text[:_LOOKED_AT].splitlines() if line.strip()]
    return "\n".join(lines[:_OPENING_LINES])


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
