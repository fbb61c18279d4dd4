"""Whether a bounce is hard or soft: would another mail to the address fail too? Pure.

The first matching row decides. The server's words count more than its code, since servers send
5.1.1 for full mailboxes and blocked senders too. In doubt a bounce is soft: after a hard one no
more mail is sent to the address.

| what is seen | permanence |
|---|---|
| another action than failed | none |
| a full mailbox, a block, spam, a size, a rate, a time-out (`SOFT_WORDS`); class 4 | soft |
| no such user or host (`HARD_WORDS`) in answer to RCPT, or with a status that says so | hard |
| refused when the whole mail was there (`AFTER_DATA`): the address was taken before | soft |
| status 5.2.x: a mailbox that is there; 5.1.7, 5.1.8: the sender (`SOFT_STATUS`) | soft |
| no such user or host, without more | hard |
| a status that says so (`HARD_STATUS`) | hard |
| anything else | soft |
"""

import re

from maildesk.ingest.languages import WORDS
from maildesk.model.mail import Permanence

_LOOKED_AT = 2_000  # characters of a text; the patterns are alternatives of bounded words

# RFC 3463 §3.2, §3.5: bad mailbox, bad system, bad syntax, moved; RFC 7505: no such host.
SOFT_STATUS = re.compile(r"5\.2\.|5\.1\.[78]\Z")
HARD_STATUS = re.compile(r"5\.(?:1\.(?:1|2|3|6|10)|4\.4)\Z")
HARD_WORDS = re.compile(WORDS.bounces.hard.either, re.IGNORECASE)
SOFT_WORDS = re.compile(WORDS.bounces.soft.either, re.IGNORECASE)
AFTER_DATA = re.compile(
    r"(?:after end of data|smtp command data|end of data command)", re.IGNORECASE
)
REFUSED_ADDRESS = re.compile(r"after RCPT command|\[RCPT_TO\]")


def permanence(action: str, status: str, *texts: str) -> Permanence:
    """What a report of this action and status means for the next mail.

    `texts` are what was said of the failure, nearest first: the diagnostic, then the rest.
    """
    if action != "failed":
        return Permanence.NONE
    plain = [" ".join(text[:_LOOKED_AT].split()) for text in texts]
    words = next((told for text in plain if (told := _told(text, status)) is not None), None)
    if words is not None:
        return words
    return Permanence.HARD if HARD_STATUS.match(status) else Permanence.SOFT


def _told(text: str, status: str) -> Permanence | None:
    if SOFT_WORDS.search(text) or status.startswith("4."):
        return Permanence.SOFT
    if not HARD_WORDS.search(text):
        return None
    if REFUSED_ADDRESS.search(text) or HARD_STATUS.match(status):
        return Permanence.HARD
    taken = AFTER_DATA.search(text) or SOFT_STATUS.match(status)
    return Permanence.SOFT if taken else Permanence.HARD
