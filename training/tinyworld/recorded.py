"""What the tiny world has shown before: demos of all three modes and the over-optimisation curves.

`python -m benchmarks.tiny_world` and `python -m benchmarks.overoptimisation` measured it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "recorded.json"


@cache
def recorded() -> Mapping[str, Any]:
    """`{"demos": [summary, ...], "overoptimisation": {"kl_0": [...], "kl_0.2": [...]}}`."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def win_rates(summary: Mapping[str, Any], policy: str = "dpo") -> list[float]:
    """The win rate over the base at the end of each round of a demo, in percent."""
    return [100 * row["policies"][policy]["win_over_base"] for row in summary["rounds"]]
