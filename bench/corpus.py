"""How far our reading of real mails agrees with what other projects expect of them.

`.venv/bin/python bench/corpus.py [--json]`, over ../shared/corpora.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench import agreement_fields, agreement_machines, agreement_sources  # noqa: E402
from bench.agreement import CORPORA, Agreement  # noqa: E402

MEASURES: tuple[Callable[[], Iterator[Agreement]], ...] = (
    agreement_fields.measure,
    agreement_machines.measure,
)
CONVENTIONS: tuple[str, ...] = (*agreement_sources.CONVENTIONS, *agreement_machines.CONVENTIONS)


def main() -> None:
    """Print agreement per source and field, and what disagrees by name."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--json", action="store_true", help="one JSON line instead")
    as_json = asked.parse_args().json
    if not CORPORA.is_dir():
        sys.exit(f"no mails to compare: {CORPORA} is not on this machine")
    found = [one for measure in MEASURES for one in measure()]
    if as_json:
        print(json.dumps({"agreement": [_line(one) for one in found]}))
    else:
        _table(found)


def _line(one: Agreement) -> dict[str, object]:
    return {
        "source": one.source,
        "field": one.field,
        "percent": round(one.percent, 1),
        "agreeing": one.agreeing,
        "of": one.of,
        "disagreeing": dict(one.disagreeing),
    }


def _table(found: list[Agreement]) -> None:
    print("Conventions, each for a whole source:")
    for rule in CONVENTIONS:
        print(f"- {rule}")
    print()
    for one in found:
        print(f"{one.source:26}{one.field:14}{one.percent:6.1f} %  {one.agreeing} of {one.of}")
    for one in found:
        for path, reason in one.disagreeing:
            print(f"\n{path} ({one.field}): {reason}", end="")
    print()


if __name__ == "__main__":
    main()
