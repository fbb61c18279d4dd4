"""In .ci/run a skipped test has failed, unless its reason says that it is allowed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("body", "passes"),
    [
        ("def test(): pass", True),
        ("def test(): pytest.skip('not installed: dovecot')", False),
        ("def test(): pytest.skip('allowed: no corpora here')", True),
        ("@pytest.mark.skipif(True, reason='not here')\ndef test(): pass", False),
        ("pytest.importorskip('no_such_module')", False),
        ("pytest.skip('allowed: all of it', allow_module_level=True)", True),
        ("@pytest.mark.xfail\ndef test(): raise OSError", True),
    ],
)
def test_a_skip_fails_where_nothing_may_be_skipped(tmp_path: Path, body: str, passes: bool) -> None:
    (tmp_path / "test_one.py").write_text(f"import pytest\n{body}\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.plugin_no_skips"]
    ran = subprocess.run(
        [*command, "--rootdir", tmp_path, "-c", "/dev/null", tmp_path],
        cwd=ROOT,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    nothing_collected = 5
    assert (ran.returncode in (0, nothing_collected)) is passes, ran.stdout
