from __future__ import annotations

import numpy as np
import pytest

from training.linear.probe import Pairs, pairs
from training.linear.reliability import Checks, Estimate, estimate, weight

HARD = (0.95, 0.95, 0.95, 0.5, 0.5, 0.7, 0.1, 0.1)
HOSTILE = (0.95, 0.95, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1)


def _rankings(
    truth: tuple[float, ...], prompts: int = 200, seed: int = 0
) -> tuple[np.ndarray, Pairs, list[str]]:
    """Each prompt's four answers compared by one annotator, who is right with the given probability.

    The last feature is a noisy hint of the quality, as the base's likelihood is.
    """
    source = np.random.default_rng(seed)
    features = source.normal(size=(prompts * 4, 60))
    quality = features @ source.normal(size=60) * 0.4
    features[:, -1] = quality + source.normal(size=len(quality)) * 2
    rows = []
    for prompt in range(prompts):
        who = int(source.integers(len(truth)))
        for i in range(prompt * 4, prompt * 4 + 4):
            for j in range(i + 1, prompt * 4 + 4):
                right = (quality[i] > quality[j]) == (source.random() < truth[who])
                rows.append((i, j, prompt, f"a{who}") if right else (j, i, prompt, f"a{who}"))
    winner, loser, prompt_of, who_of = zip(*rows, strict=True)
    return features, pairs(winner, loser, prompt_of), list(who_of)


def _values(found: Estimate, count: int = 8) -> list[float]:
    return [found.annotators[f"a{k}"].value for k in range(count)]


def _checks(truth: tuple[float, ...], total: int = 10) -> dict[str, Checks]:
    return {f"a{k}": Checks(round(share * total), total) for k, share in enumerate(truth)}


def test_it_tells_the_careful_from_the_random_and_the_hostile_without_any_check() -> None:
    values = _values(estimate(*_rankings(HARD)))
    assert min(values[:3]) > 0.85
    assert all(0.4 < value < 0.75 for value in values[3:5])
    assert max(values[6:]) < 0.4


def test_checks_anchor_it_near_the_truth() -> None:
    anchored = estimate(*_rankings(HARD), checks=_checks(HARD))
    assert anchored.anchored
    assert np.abs(np.array(_values(anchored)) - HARD).max() < 0.12


def test_it_is_not_anchored_without_checks() -> None:
    assert not estimate(*_rankings(HARD)).anchored


def test_checks_keep_the_sign_where_the_hostile_outvote_the_careful() -> None:
    values = _values(estimate(*_rankings(HOSTILE), checks=_checks(HOSTILE, total=5)))
    assert min(values[:2]) > 0.8
    assert max(values[4:]) < 0.3


def test_the_likelihood_of_the_base_keeps_the_sign_too() -> None:
    found = estimate(*_rankings(HOSTILE), likelihood=-1)
    assert min(_values(found)[:2]) > 0.8
    assert max(_values(found)[4:]) < 0.35
    assert not found.anchored


def test_it_costs_the_careful_nothing() -> None:
    assert min(_values(estimate(*_rankings((0.95,) * 8)))) > 0.85


def test_its_intervals_hold_the_truth_when_anchored() -> None:
    inside = total = 0
    for seed in range(10):
        found = estimate(*_rankings(HARD, seed=seed), checks=_checks(HARD)).annotators
        inside += sum(found[f"a{k}"].low <= share <= found[f"a{k}"].high for k, share in enumerate(HARD))
        total += len(HARD)
    assert inside / total > 0.9


def test_an_interval_narrows_with_more_labels() -> None:
    few, many = (estimate(*_rankings((0.9,), prompts=n)).annotators["a0"] for n in (30, 240))
    assert many.high - many.low < few.high - few.low
    assert (few.pairs, few.checks) == (180, 0)


def test_it_gives_the_same_answer_twice() -> None:
    assert _values(estimate(*_rankings(HARD))) == _values(estimate(*_rankings(HARD)))


def test_someone_with_checks_alone_is_judged_by_them() -> None:
    features, labels, who = _rankings((0.9,), prompts=3)
    one = estimate(features, labels.take(np.arange(1)), who[:1], checks={"a0": Checks(20, 20)})
    assert one.annotators["a0"].value > 0.9


@pytest.mark.parametrize(
    ("e", "backwards", "expected"), [(1, False, 1), (0.75, False, 0.5), (0.1, False, 0), (0.1, True, 0.8)]
)
def test_a_label_weighs_twice_its_reliability_less_one(e: float, backwards: bool, expected: float) -> None:
    assert weight(e, read_backwards=backwards) == pytest.approx(expected)


def test_a_reliability_beyond_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.2"):
        weight(1.2)
