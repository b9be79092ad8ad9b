import math

import krippendorff as peer
import numpy as np
import pytest
from scipy.stats import kendalltau
from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa
from statsmodels.stats.proportion import proportion_confint

from annotation.stats.agreement import (
    Level,
    Weights,
    cohen,
    fleiss,
    krippendorff,
    krippendorff_of_labels,
    mean_tau,
    observed,
    percent_agreement,
    rater_pairs,
    tau_b,
)
from annotation.stats.estimate import MANY_UNITS, Floats, resampled_totals, wilson

NAN = math.nan
# Krippendorff, Computing Krippendorff's alpha-reliability (2011), section C: 4 observers, 12 units.
WORKED = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]


def simulated(
    raters: int = 5, units: int = 300, missing: float = 0.4, noise: float = 0.9, seed: int = 1
) -> Floats:
    rng = np.random.default_rng(seed)
    truth = rng.integers(1, 6, units)
    matrix = np.clip(np.rint(truth + rng.normal(0, noise, (raters, units))), 1, 5)
    return np.where(rng.random(matrix.shape) < missing, NAN, matrix)


@pytest.mark.parametrize(
    ("level", "alpha"), [(Level.NOMINAL, 0.743), (Level.ORDINAL, 0.815), (Level.INTERVAL, 0.849)]
)
def test_alpha_is_the_published_one(level: Level, alpha: float) -> None:
    assert krippendorff(WORKED, level).value == pytest.approx(alpha, abs=5e-4)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("scale", [1, 0.1, 1e-6])
def test_alpha_equals_the_krippendorff_library(level: Level, scale: float) -> None:
    matrix = simulated() * scale - 3 * scale
    expected = peer.alpha(reliability_data=matrix, level_of_measurement=str(level))
    assert krippendorff(matrix, level, rounds=0).value == pytest.approx(expected, abs=1e-9)


def test_alpha_is_one_where_all_agree_and_unknown_where_nothing_differs() -> None:
    assert krippendorff([[1, 2, 3], [1, 2, 3]], Level.ORDINAL).value == 1
    assert not krippendorff([[0.1, 0.1], [0.1, 0.1]], Level.INTERVAL).known
    assert not krippendorff([[1, 2, 3]], Level.NOMINAL).known


def test_the_order_of_raters_and_units_changes_nothing() -> None:
    matrix = simulated()
    shuffled = np.random.default_rng(0).permutation(matrix, axis=1)[::-1]
    first, second = (krippendorff(m, Level.NOMINAL, rounds=0).value for m in (matrix, shuffled))
    assert first == pytest.approx(second, abs=1e-12)


@pytest.mark.parametrize("level", Level)
def test_the_interval_of_alpha_is_that_of_a_bootstrap_by_brute_force(level: Level) -> None:
    matrix = simulated(units=200, missing=0.2)
    rng = np.random.default_rng(2)
    drawn = [krippendorff(matrix[:, rng.integers(0, 200, 200)], level, rounds=0).value for _ in range(400)]
    ours = krippendorff(matrix, level)
    assert (ours.low, ours.high) == pytest.approx(np.quantile(drawn, (0.025, 0.975)), abs=0.02)
    assert ours == krippendorff(matrix, level)


def test_many_units_are_resampled_through_the_normal_limit() -> None:
    features = np.random.default_rng(0).exponential(size=(MANY_UNITS + 1, 2)) * (1, 1000)
    drawn = resampled_totals(features, 4000, 1)
    assert drawn.mean(axis=0) == pytest.approx(features.sum(axis=0), rel=0.01)
    assert drawn.std(axis=0) == pytest.approx(features.std(axis=0) * math.sqrt(len(features)), rel=0.05)


def test_units_of_one_cluster_are_resampled_together() -> None:
    matrix = simulated(raters=2, units=100, missing=0)
    units = np.tile(np.arange(400), 2)  # every unit four times over: no new evidence
    values = np.concatenate([np.repeat(row, 4) for row in matrix])
    alone = krippendorff(matrix, Level.INTERVAL)
    together = krippendorff_of_labels(units, values, Level.INTERVAL, clusters=np.arange(400) // 4)
    naive = krippendorff_of_labels(units, values, Level.INTERVAL)
    assert together.high - together.low == pytest.approx(alone.high - alone.low, rel=0.1)
    assert naive.high - naive.low < 0.6 * (alone.high - alone.low)


def test_long_form_takes_no_missing_values() -> None:
    with pytest.raises(ValueError, match="NaN"):
        krippendorff_of_labels([0, 0], [1, NAN], Level.NOMINAL)
    with pytest.raises(ValueError, match="257 categories"):
        krippendorff_of_labels(np.arange(514) // 2, np.arange(514) // 2 * 0.5, Level.NOMINAL)


@pytest.mark.parametrize(
    ("weights", "theirs"),
    [(Weights.NONE, None), (Weights.LINEAR, "linear"), (Weights.QUADRATIC, "quadratic")],
)
def test_cohens_kappa_and_its_interval_equal_statsmodels(weights: Weights, theirs: str | None) -> None:
    first, second = simulated(raters=2, missing=0)
    table = np.histogram2d(first, second, bins=np.arange(0.5, 6))[0]
    expected = cohens_kappa(table, wt=theirs)
    ours = cohen(first, second, weights)
    assert ours.value == pytest.approx(expected.kappa, abs=1e-9)
    assert (ours.low, ours.high) == pytest.approx((expected.kappa_low, expected.kappa_upp), abs=1e-6)


def test_kappa_by_hand() -> None:
    """Yes-yes 20, yes-no 5, no-yes 10, no-no 15: observed .7, expected .5 * .6 + .5 * .4 = .5, kappa .4."""
    first, second = [1] * 25 + [0] * 25, [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    assert cohen(first, second).value == pytest.approx(0.4)


def test_weights_go_by_values_and_not_by_places() -> None:
    """0, 1, 10: taking 1 for 0 is a hundredth of the error of 10 for 0, by places it would be a quarter."""
    first = [0, 1, 10, 0, 1, 10]
    near, far = cohen(first, [0, 0, 10, 0, 1, 10], Weights.QUADRATIC), cohen(first, [10, 1, 10, 0, 1, 10])
    assert near.value > 0.99
    assert far.value < 0.8


def test_a_few_equal_answers_do_not_make_kappa_certain() -> None:
    kappa = cohen([0, 1, 0, 1, 0, 1], [0, 1, 0, 1, 0, 1])
    assert kappa.value == 1
    assert kappa.high == 1
    assert kappa.low < 0.5


def test_kappa_is_unknown_where_only_one_value_occurs() -> None:
    assert not cohen([1, 1], [1, 1]).known
    assert not cohen([1, NAN], [NAN, 1]).known


def test_fleiss_equals_statsmodels() -> None:
    matrix = simulated(missing=0)
    expected = fleiss_kappa(aggregate_raters(matrix.T)[0])
    kappa = fleiss(matrix)
    assert kappa.value == pytest.approx(expected, abs=1e-12)
    assert kappa.low < expected < kappa.high


@pytest.mark.parametrize(("successes", "n"), [(0, 7), (7, 7), (3, 10), (720, 1000)])
def test_wilson_equals_statsmodels(successes: int, n: int) -> None:
    ours = wilson(successes, n)
    assert (ours.low, ours.high) == pytest.approx(proportion_confint(successes, n, method="wilson"), abs=1e-9)


def test_wilson_knows_nothing_from_nothing_and_refuses_the_impossible() -> None:
    assert not wilson(0, 0).known
    with pytest.raises(ValueError, match="3 successes out of 2"):
        wilson(3, 2)


def test_percent_agreement_leaves_out_what_one_rater_did_not_see() -> None:
    share = percent_agreement([1, 2, NAN, 3], [1, 1, 1, 3])
    assert (share.value, share.n) == pytest.approx((2 / 3, 3))


def test_observed_counts_every_pair_of_raters_in_a_unit() -> None:
    # unit 0: three raters, one pair of three equal; unit 1: one pair, equal; unit 2: one rater, no pair
    assert observed(np.array([[1, 2, 3], [1, 2, NAN], [4, NAN, NAN]])).value == pytest.approx(2 / 4)
    assert not observed(np.array([[1, 2], [NAN, NAN]])).known


def test_rater_pairs_have_their_own_agreement() -> None:
    pairs = rater_pairs([0, 1, 2, 0, 1, 2, 7], [0, 0, 0, 5, 5, 6, 5], [1, 1, 2, 3, 3, 9, 4])
    found = {(pair.first, pair.second): (pair.agreement.value, pair.agreement.n) for pair in pairs}
    assert found == {(0, 1): (1, 2), (0, 2): (0, 1), (1, 2): (0, 1), (0, 7): (0, 1), (1, 7): (0, 1)}


def test_tau_b_equals_scipy() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        first, second = rng.integers(0, 4, (2, 6))
        tiers = [
            tuple(tuple(np.flatnonzero(a == level).tolist()) for level in np.unique(a))
            for a in (first, second)
        ]
        assert tau_b(tiers[0], tiers[1]) == pytest.approx(kendalltau(first, second).statistic)


def test_tau_b_where_everything_is_equal() -> None:
    assert tau_b(((0, 1, 2),), ((0, 1, 2),)) == 1
    assert tau_b(((0, 1, 2),), ((0,), (1, 2))) == 0
    assert math.isnan(tau_b(((0,),), ((0,), (1,))))


def test_mean_tau_has_an_interval_over_rankings() -> None:
    same, turned = (((0,), (1,), (2,)),) * 2, (((0,), (1,), (2,)), ((2,), (1,), (0,)))
    mean = mean_tau([same] * 9 + [turned])
    assert (mean.value, mean.n) == pytest.approx((0.8, 10))
    assert mean.low < 0.8 < mean.high
    assert not mean_tau([]).known
