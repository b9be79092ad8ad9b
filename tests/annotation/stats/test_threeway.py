from typing import Any

import numpy as np
import pytest

from annotation.labels import Criterion, Kind, Label
from annotation.stats.screening import State
from annotation.stats.threeway import ThreeWay, three_way

CRITERIA = (Criterion("quality", low=1, high=5),)
ORDER = ((0,), (1,), (2,), (3,))


def pair(right: bool = True, first: bool = True) -> tuple[Kind, Label, Label]:
    tiers = [((0,), (1,)), ((1,), (0,))]
    return Kind.COMPARE, Label(tiers=tiers[right != first]), Label(tiers=tiers[not first])


def ranking(right: bool = True) -> tuple[Kind, Label, Label]:
    return Kind.RANK, Label(tiers=ORDER if right else ORDER[::-1]), Label(tiers=ORDER)


def score(said: float, right: float) -> tuple[Kind, Label, Label]:
    return Kind.SCORE, Label(ratings={"quality": (float(said),)}), Label(ratings={"quality": (float(right),)})


def answers(
    wrong_pairs: int = 0, wrong_rankings: int = 0, off: float = 0.0
) -> list[tuple[Kind, Label, Label]]:
    rng = np.random.default_rng(0)
    right = np.arange(24) % 5 + 1
    said = np.clip(np.rint(right + rng.normal(0, off, 24)), 1, 5) if off else right
    return [
        *[pair(right=n >= wrong_pairs) for n in range(24)],
        *[ranking(right=n >= wrong_rankings) for n in range(8)],
        *[score(*both) for both in zip(said.tolist(), right.tolist(), strict=True)],
    ]


def test_all_right_passes() -> None:
    result = three_way(ThreeWay(), answers(), CRITERIA)
    assert result.state is State.PASSED
    assert (result.kappa.value, result.tau.value, result.alpha.value) == (1, 1, 1)
    assert result.missing == {}


@pytest.mark.parametrize("faults", [{"wrong_pairs": 6}, {"wrong_rankings": 2}, {"off": 3}])
def test_falling_below_one_bar_fails(faults: dict[str, Any]) -> None:
    assert three_way(ThreeWay(), answers(**faults), CRITERIA).state is State.FAILED


def test_a_few_slips_pass() -> None:
    assert (
        three_way(ThreeWay(), answers(wrong_pairs=3, wrong_rankings=1, off=0.5), CRITERIA).state
        is State.PASSED
    )


def test_it_stays_pending_while_items_are_missing() -> None:
    result = three_way(ThreeWay(), answers()[:-3], CRITERIA)
    assert result.state is State.PENDING
    assert result.missing == {Kind.SCORE: 3}


def test_kinds_that_are_not_asked_for_are_left_out() -> None:
    result = three_way(ThreeWay(items={Kind.COMPARE: 24}), answers()[:24], CRITERIA)
    assert result.state is State.PASSED
    assert not result.alpha.known


def test_a_rule_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="outside -1"):
        ThreeWay(kappa=60)
    with pytest.raises(ValueError, match="ask for nothing"):
        ThreeWay(items={Kind.RANK: 0})


def test_a_file_with_the_better_one_always_first_does_not_spoil_kappa() -> None:
    """20 of 24 right is .833; with right answers balanced chance is one half: kappa .667."""
    always, mixed = (
        [pair(right=n >= 4, first=bool(n % 2) or not mix) for n in range(24)] for mix in (False, True)
    )
    rule = ThreeWay(items={Kind.COMPARE: 24})
    first, second = (three_way(rule, one, CRITERIA).kappa.value for one in (always, mixed))
    assert first == second == pytest.approx(2 / 3, abs=0.01)
