"""What the hidden oracle of the tiny world says about an evaluation run. The product never sees it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from training.tinyworld.oracle import score
from training.tinyworld.policy import win_rate

EQUAL = 1e-9
CLEAR = 1.0  # oracle points from which a pair counts as clear


@dataclass(frozen=True)
class Judged:
    """Oracle points and rewards of the answers of one evaluation: source -> prompt -> values."""

    oracle: Mapping[str, Mapping[str, list[float]]]
    reward: Mapping[str, Mapping[str, list[float]]]

    def mean(self, source: str) -> float:
        return float(np.mean([value for values in self.oracle[source].values() for value in values]))

    def win_rate(self, new: str, old: str) -> float:
        prompts = sorted(self.oracle[new])
        return win_rate(
            [self.oracle[new][key] for key in prompts], [self.oracle[old][key] for key in prompts]
        )

    def accuracy(self, source: str, gap: float = EQUAL) -> float:
        """Share of pairs of one prompt, at least `gap` oracle points apart, that the reward orders alike."""
        right: list[float] = []
        for prompt, oracle in self.oracle[source].items():
            reward = self.reward[source][prompt]
            for i, j in combinations(range(len(oracle)), 2):
                if abs(oracle[i] - oracle[j]) >= gap:
                    right.append(_agrees(oracle[i] - oracle[j], reward[i] - reward[j]))
        return float(np.mean(right))


def judge(rows: Iterable[Mapping[str, Any]], prompts: Mapping[str, str]) -> Judged:
    """Score every row of a `completions.jsonl`; `prompts` maps a prompt's id to its text."""
    oracle: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    reward: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        oracle[row["source"]][row["prompt"]].append(score(prompts[row["prompt"]], row["text"]))
        if row.get("reward") is not None:
            reward[row["source"]][row["prompt"]].append(float(row["reward"]))
    return Judged(oracle, reward)


def _agrees(oracle: float, reward: float) -> float:
    return 0.5 if abs(reward) <= EQUAL else float((oracle > 0) == (reward > 0))
