"""`make bench`: see README.md beside it."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.program import main  # noqa: E402

if __name__ == "__main__":
    main()
