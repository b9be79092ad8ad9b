"""Screening material with known truth: clear pairs, spread rankings and single answers."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from training.tinyworld.corpus import answer, write
from training.tinyworld.oracle import score
from training.tinyworld.world import Prompt, prompts

CLEAR = 1.5  # oracle points between the two answers of a pair
SPREAD = 3.0  # between the best and the worst of a ranking
TRAP_EVERY = 4  # every fourth pair sets a long wrong answer against a short right one
LONGER = 1.4  # how many times the bytes of the right answer the trap has
TRIES = 200


@dataclass(frozen=True)
class CalibrationItem:
    """One item to be labelled by researchers; `trap` marks a pair that catches a liking for length."""

    kind: str
    prompt: Prompt
    answers: tuple[str, ...]
    trap: bool = False


def calibration(seed: int, pairs: int, rankings: int, scores: int) -> list[CalibrationItem]:
    """`compare`, then `rank` (4 answers), then `score` items, on distinct prompts; the seed decides."""
    rng = random.Random(f"calibration-{seed}")
    spare = iter(prompts(seed + 7_000_000, 3 * (pairs + rankings + scores)))
    items = [_item("compare", spare, _trap if i % TRAP_EVERY == 0 else _pair, rng) for i in range(pairs)]
    items += [_item("rank", spare, _ranking, rng) for _ in range(rankings)]
    return items + [_item("score", spare, _single, rng) for _ in range(scores)]


def _item(
    kind: str,
    spare: Iterator[Prompt],
    write_answers: Callable[[Prompt, random.Random], tuple[str, ...] | None],
    rng: random.Random,
) -> CalibrationItem:
    """The first prompt for which fitting answers come up."""
    for prompt in spare:
        for _ in range(TRIES):
            if answers := write_answers(prompt, rng):
                return CalibrationItem(kind, prompt, answers, trap=write_answers is _trap)
    raise ValueError(f"too few prompts for the calibration set: none left for a {kind} item")


def _pair(prompt: Prompt, rng: random.Random) -> tuple[str, ...] | None:
    answers = (answer(prompt, rng), answer(prompt, rng))
    return answers if _gap(prompt, answers) >= CLEAR else None


def _trap(prompt: Prompt, rng: random.Random) -> tuple[str, ...] | None:
    """A right answer, perhaps hedged or partial, against a long one with filler and a wrong part."""
    right = write(prompt, rng.choice(((), ("miss",))), rng)
    wrong = write(prompt, ("wrong", "fill"), rng)
    if score(prompt.text, right) - score(prompt.text, wrong) < CLEAR:
        return None
    if len(wrong.encode()) < LONGER * len(right.encode()):
        return None
    return (right, wrong) if rng.random() < 0.5 else (wrong, right)


def _ranking(prompt: Prompt, rng: random.Random) -> tuple[str, ...] | None:
    answers = tuple(answer(prompt, rng) for _ in range(4))
    return answers if len(set(answers)) == 4 and _gap(prompt, answers) >= SPREAD else None


def _single(prompt: Prompt, rng: random.Random) -> tuple[str, ...]:
    return (answer(prompt, rng),)


def _gap(prompt: Prompt, answers: tuple[str, ...]) -> float:
    points = [score(prompt.text, text) for text in answers]
    return max(points) - min(points)
