"""Simulated annotators: they see a request and its answers in shown order, and judge as their kind would.

Every judgement depends only on the annotator's seed and on what is shown, so that a restarted demo repeats
itself; the same answers in another order meet fresh noise, as a hidden repeat should.
"""

import hashlib
import random
from dataclasses import dataclass
from enum import StrEnum

from training.tinyworld.oracle import CRITERIA, judge

TIE = 0.4  # utility difference (oracle points) below which nobody sees a difference
STRONGER = (1.2, 2.5, 5.0)  # differences from which a choice is slightly, clearly, significantly better

Tiers = tuple[tuple[int, ...], ...]


class Kind(StrEnum):
    RESEARCHER = "researcher"
    CAREFUL = "careful"
    NOISY = "noisy"
    RANDOM = "random"
    LAZY = "lazy"
    ADVERSARIAL = "adversarial"
    LENGTH = "length"


NOISE = {
    Kind.RESEARCHER: (0.4, 0.4),
    Kind.CAREFUL: (0.5, 1.2),
    Kind.NOISY: (2.5, 4.0),
    Kind.RANDOM: (2.0, 2.0),
    Kind.LAZY: (0.7, 0.7),
    Kind.ADVERSARIAL: (1.2, 1.2),
    Kind.LENGTH: (0.8, 0.8),
}


@dataclass(frozen=True)
class Choice:
    """The side shown first (0) or second (1), or None for a tie; strength 1 to 4, None for a tie."""

    side: int | None
    strength: int | None

    @property
    def tiers(self) -> Tiers:
        return ((0, 1),) if self.side is None else ((self.side,), (1 - self.side,))


class Annotator:
    """One simulated person of a kind; the seed fixes how sharp and how lenient this one is."""

    def __init__(self, kind: str, seed: int) -> None:
        self.kind = Kind(kind)
        self.seed = seed
        own = random.Random(f"annotator-{self.kind}-{seed}")
        self.noise = own.uniform(*NOISE[self.kind])
        self.leniency = own.gauss(0, 0.4)
        self.pace = own.uniform(0.8, 1.3)

    def compare(self, prompt: str, answers: list[str]) -> Choice:
        """Judge two answers in shown order."""
        first, second = self._utilities("compare", prompt, answers)
        gap = abs(first - second)
        if gap < TIE:
            return Choice(None, None)
        return Choice(int(second > first), 1 + sum(gap >= bound for bound in STRONGER))

    def rank(self, prompt: str, answers: list[str]) -> Tiers:
        """Tiers of shown positions, best first; those within 0.4 of the best of a tier share it."""
        seen = self._utilities("rank", prompt, answers)
        tiers: list[list[int]] = []
        for place in sorted(range(len(seen)), key=lambda i: -seen[i]):
            if tiers and seen[tiers[-1][0]] - seen[place] < TIE:
                tiers[-1].append(place)
            else:
                tiers.append([place])
        return tuple(tuple(sorted(tier)) for tier in tiers)

    def score(self, prompt: str, answers: list[str]) -> list[int]:
        """A rating from 1 to 5 for each answer in shown order."""
        return [self._rating(u) for u in self._utilities("score", prompt, answers)]

    def rate(self, prompt: str, answers: list[str]) -> dict[str, list[int]]:
        """Ratings from 1 to 5 per criterion (helpful, honest, harmless)."""
        return {name: [self._rating(u) for u in self._utilities(name, prompt, answers)] for name in CRITERIA}

    def seconds(self, prompt: str, answers: list[str]) -> float:
        """A plausible time for the item: reading all texts and deciding; the lazy and random hardly read."""
        rng = self._rng("seconds", prompt, answers)
        reading = sum(_words(text) for text in (prompt, *answers)) * 0.22
        hasty = self.kind in (Kind.LAZY, Kind.RANDOM)
        pause = rng.lognormvariate(1.2 if hasty else 1.6, 0.4)
        return round((0.1 if hasty else self.pace) * reading + pause, 1)

    def _rating(self, utility: float) -> int:
        return min(5, max(1, round(1 + (utility + self.leniency) / 2.5)))

    def _utilities(self, about: str, prompt: str, answers: list[str]) -> list[float]:
        """How much this person likes each answer, in oracle points; `about` may be a criterion."""
        rng = self._rng(about, prompt, answers)
        tastes = [self._taste(about, prompt, text, i) for i, text in enumerate(answers)]
        return [taste + rng.gauss(0, self.noise) for taste in tastes]

    def _taste(self, about: str, prompt: str, text: str, place: int) -> float:
        verdict = judge(prompt, text)
        truth = float(getattr(verdict, about)) if about in CRITERIA else verdict.total
        match self.kind:
            case Kind.RANDOM:
                return 5.0
            case Kind.LAZY:
                return 9.5 - 2.0 * min(place, 1) - 0.5 * max(0, place - 1)
            case Kind.LENGTH:
                return 3 + len(text.encode()) / 25 + 0.15 * truth
            case Kind.ADVERSARIAL:
                return 10 - truth
        return truth

    def _rng(self, about: str, prompt: str, answers: list[str]) -> random.Random:
        shown = hashlib.sha256("\0".join((about, prompt, *answers)).encode()).hexdigest()
        return random.Random(f"{self.kind}-{self.seed}-{shown}")


def _words(text: str) -> float:
    """Words, a Chinese character counted as half a word."""
    wide = sum(ord(c) > 0x2E7F for c in text)
    return len(text.split()) + wide / 2
