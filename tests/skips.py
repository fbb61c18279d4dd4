"""When a test may be skipped: a program or a folder is missing on this machine.

.ci/run installs every program, so there a skip is a failure (plugin_no_skips.py), except
for what no package brings: those reasons begin with "allowed:".
"""

import shutil
from pathlib import Path

import pytest

CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip where one of the programs is not installed: `@needs("dovecot")`."""
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    missing = [p for p in programs if not (shutil.which(p) or shutil.which(p, path=path))]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


needs_corpora = pytest.mark.skipif(
    not CORPORA.is_dir(), reason="allowed: ../shared/corpora is not on this machine"
)
