"""The block at the end of a test run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(folder: Path, reason: str, require_all: str) -> subprocess.CompletedProcess[str]:
    """A run of one skipped and one passing test."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(
        f"import pytest\n\ndef test_skipped(): pytest.skip({reason!r})\n\ndef test_passed(): pass\n"
    )
    words = [
        "-p",
        "tests.nottested",
        "-p",
        "no:django",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        str(folder),
    ]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        env=os.environ | {"CI_REQUIRE_ALL": require_all, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("reason", "require_all", "code"),
    [
        ("no Redis: install it", "0", 0),
        ("no Redis: install it", "1", 1),
        ("no ../shared/data/ratings.jsonl", "1", 0),
    ],
)
def test_what_was_not_tested_is_said_and_can_fail_the_run(
    tmp_path: Path, reason: str, require_all: str, code: int
) -> None:
    done = run(tmp_path, reason, require_all)
    assert "not tested, and how to get it" in done.stdout
    assert f"1 x {reason}" in done.stdout
    assert done.returncode == code
