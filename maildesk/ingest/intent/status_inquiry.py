"""Whether a mail only asks how a request stands, and so changes nothing of it. Pure.

Strict on purpose: every word must be one of the tables, or a word of the request itself, and one of
them must ask or urge. One word more (a number, a negation, a new thing) and it may change the
request: to ask an approver once too often costs a look, to miss a change approves what nobody read.
"""

import re
import unicodedata

from maildesk.ingest.intent.thanks import CLOSINGS, GREETINGS

_LONGEST = 400  # characters
_WORDS = 40
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_NUMBER = re.compile(r"\d|[%€$£]")

# language: (words that ask or urge, words that may stand beside them)
_TABLE = {
    "en": (
        "news update updates status when chasing checking reminder follow-up approved decided "
        "heard hear progress waiting wait waits urgent soon",
        "any is are there a an the on this that it my our request ticket approval yet please could "
        "can would you let me us know just gentle kind friendly of to for in with up following "
        "i i'm am we we're has have been had be will get do does what about how far long expect "
        "expected back from already and so thanks thank advance anything new happening going "
        "your answer reply decision still see did was as possible bit come comes "
        "coming arrive arrives",
    ),
    "de": (
        "neues neuigkeiten stand wann rückmeldung erinnerung nachfragen genehmigt entschieden "
        "nachfrage dringend bald warte warten schon",
        "gibt es etwas was ist der die das den dem zu zum zur meiner meinem mein unsere anfrage "
        "antrag genehmigung hierzu dazu bitte um kurz ich wir möchte wollte nur nach ob wie sieht "
        "aus kann können sie du mir uns sagen geben eine einen noch auf immer und wurde wird mit "
        "damit rechnen vielen dank danke hier von ihnen euch gehört habe haben so möglich",
    ),
    "fr": (
        "nouvelles nouveau quand avancement relance rappel approuvé décidé urgent attends attend",
        "des du y a-t-il est-ce que avez-vous où en est ma mon la le les demande approbation de "
        "je me permets vous suite à sur ce cette pour s'il plaît svp merci d'avance sera une un "
        "réponse encore toujours",
    ),
    "es": (
        "novedades noticias cuándo cuando estado recordatorio aprobado decidido urgente espero",
        "hay alguna sobre mi la el solicitud petición aprobación de tienen tiene ya por favor "
        "podrían podría decirme me gracias será en qué está a un una respuesta todavía",
    ),
    "it": (
        "novità notizie quando stato promemoria approvato deciso urgente attendo aspetto",
        "ci sono sulla sul mia la il richiesta approvazione di per favore potete può dirmi mi "
        "grazie sarà a che punto è un una risposta ancora",
    ),
}


def _folded(*tables: str) -> frozenset[str]:
    return frozenset(word for table in tables for word in table.split())


_ASKS = _folded(*(asks for asks, _ in _TABLE.values()))
_BESIDE = _folded(*(beside for _, beside in _TABLE.values()))


def only_chases(text: str, request: str, author: str) -> bool:
    """Whether the new text of a reply only asks how the `request` stands. Never raises."""
    plain = unicodedata.normalize("NFC", text).replace("’", "'")
    if len(plain) > _LONGEST or _NUMBER.search(plain):
        return False
    said = _words(plain)
    known = {*_ASKS, *_BESIDE, *GREETINGS, *CLOSINGS, *_words(author), *_words(request)}
    return bool(_ASKS.intersection(said)) and len(said) <= _WORDS and known.issuperset(said)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
