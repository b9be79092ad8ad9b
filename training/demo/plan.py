"""What the demo does, in numbers. Counts of one round; the same seed gives the same labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from training.loopplan import LoopPlan
from training.tinyworld.annotators import Kind

CANDIDATES = {
    Kind.CAREFUL: 6,
    Kind.NOISY: 2,
    Kind.RANDOM: 1,
    Kind.LAZY: 1,
    Kind.LENGTH: 1,
    Kind.ADVERSARIAL: 2,
}
EVERYBODY = {Kind.CAREFUL: 3, Kind.RANDOM: 1, Kind.LAZY: 1, Kind.LENGTH: 1, Kind.ADVERSARIAL: 2}


class Mode(StrEnum):
    """Who labels, and how their labels count."""

    SCREENED = "screened"  # the test decides who labels
    UNSCREENED = "unscreened"  # everybody is let in: 5 of 8 are careless
    WEIGHTED = "weighted"  # everybody is let in, labels are weighed by reliability


@dataclass(frozen=True)
class Plan:
    seed: int = 1
    rounds: int = 2
    mode: Mode = Mode.SCREENED
    held_out: int = 200
    researchers: int = 3
    calibration_pairs: int = 40
    calibration_rankings: int = 20
    calibration_scores: int = 36
    loop: LoopPlan = field(default_factory=lambda: LoopPlan(check_rate=0.2))
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # kind of run -> what differs

    @property
    def screened(self) -> bool:
        return self.mode is Mode.SCREENED

    @property
    def people(self) -> dict[Kind, int]:
        """How many simulated annotators of each kind come to the door."""
        return CANDIDATES if self.screened else EVERYBODY
