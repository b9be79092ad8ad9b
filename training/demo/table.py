"""The demo's account of itself: a table a round on the terminal, and `summary.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COLUMNS = 78


def round_table(row: Mapping[str, Any]) -> str:
    """One round as a few aligned lines."""
    lines = [
        f" Round {row['round']} ".center(COLUMNS, "─"),
        f"labels {row['labels']}   annotators passed {row['passed']}, refused {row['refused']}   "
        f"alpha {_number(row['alpha'])}",
        f"reward model against the oracle: {_number(row['reward_accuracy'])} of all pairs, "
        f"{_number(row['reward_accuracy_clear'])} of pairs a point or more apart",
        f"{'policy':10}{'oracle score':>14}{'wins over base':>17}{'over the round before':>24}",
    ]
    for name, policy in row["policies"].items():
        previous = _number(policy["win_over_previous"])
        lines.append(
            f"{name:10}{policy['oracle_score']:>14.2f}{policy['win_over_base']:>17.3f}{previous:>24}"
        )
    seconds = "  ".join(f"{stage} {value:.0f}" for stage, value in row["seconds"].items())
    return "\n".join([*lines, f"seconds: {seconds}", "─" * COLUMNS])


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
