"""Which replies of real people would decide something: to be read by eye.

`.venv/bin/python bench/replies.py`, over ../shared/corpora. Each mail is read as if it answered a
resolution, and as if it answered a request for approval.
"""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.agreement import CORPORA  # noqa: E402
from maildesk.ingest.intent.decisions import read_decision  # noqa: E402
from maildesk.ingest.intent.yes_or_no import Question, read_answer  # noqa: E402
from maildesk.ingest.reading.analyse import read  # noqa: E402
from maildesk.model.mail import Kind  # noqa: E402


def main() -> None:
    """Print each reply that decides or is unclear, and the numbers."""
    mails = sorted(path for path in CORPORA.rglob("*") if path.is_file() and _is_mail(path))
    people = decides = unclear = 0
    for path in mails:
        reading = read(path.read_bytes())
        if reading.screening.kind is not Kind.PERSON:
            continue
        people += 1
        for question in Question:
            spoken = read_decision(reading.reply_text)
            if spoken.choice is None and not spoken.unclear:
                spoken = read_answer(reading.reply_text, question)
            decides += spoken.choice is not None
            unclear += spoken.unclear
            if spoken.choice is not None or spoken.unclear:
                said = spoken.choice.value if spoken.choice else "asked"
                begin = " ".join(reading.reply_text.split())[:80]
                print(f"{question.name.lower():10} {said:8} {path.name[:40]:40} {begin}")
    print(f"{len(mails)} mails, {people} of people: {decides} decide, {unclear} are asked about")


def _is_mail(path: Path) -> bool:
    return path.suffix in {".eml", ".txt", ".msg", ".mbox"} or "." not in path.name


if __name__ == "__main__":
    main()
