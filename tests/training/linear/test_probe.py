from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from training.linear.probe import (
    Probe,
    Standard,
    accuracy,
    fit,
    fit_ratings,
    logistic,
    pairs,
    solve,
    standard_of,
    wilson,
)


def _world(prompts: int = 150, width: int = 20, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features of four answers a prompt and their true strengths."""
    source = np.random.default_rng(seed)
    features = source.normal(size=(prompts * 4, width))
    return features, features @ source.normal(size=width)


def _comparisons(truth: np.ndarray) -> tuple[list[int], list[int], list[int]]:
    """Every pair within a prompt of four, better first."""
    found = [
        ((i, j) if truth[i] > truth[j] else (j, i)) + (i // 4,)
        for i in range(len(truth))
        for j in range(i + 1, i - i % 4 + 4)
    ]
    winner, loser, prompt = zip(*found, strict=True)
    return list(winner), list(loser), list(prompt)


def test_it_orders_held_out_pairs_as_the_truth_does() -> None:
    features, truth = _world(prompts=200)
    probe = fit(features[:600], pairs(*_comparisons(truth[:600])), l2=1.0)
    assert accuracy(probe.score(features[600:]), pairs(*_comparisons(truth[600:]))).value > 0.9


def test_one_difference_is_solved_by_hand() -> None:
    # the loss log(1 + exp(-w)) + w^2 / 2 is least where w = s(-w): 0.401058
    one = np.ones(1)
    assert solve(np.ones((1, 1)), one, one, l2=1.0) == pytest.approx([0.401058], abs=1e-5)


def test_a_feature_is_standardised_by_median_and_median_deviation_within_two() -> None:
    # median 2, median absolute deviation 1: z = 2 tanh((f - 2) / (2 x 1.4826))
    found = standard_of([[1.0], [2.0], [3.0], [2.0], [1e9]])([[2.0], [3.0], [1e9]])
    assert found[:, 0] == pytest.approx([0.0, 2 * math.tanh(0.5 / 1.4826), 2.0])


def test_an_answer_far_outside_does_not_rule_the_fit() -> None:
    features, truth = _world()
    labels = pairs(*_comparisons(truth))
    clean = fit(features, labels).score(features)
    features[:2] = 1e6
    assert np.corrcoef(fit(features, labels).score(features)[2:], clean[2:])[0, 1] > 0.999


def test_the_scores_of_what_it_saw_have_mean_zero() -> None:
    features, truth = _world()
    assert abs(fit(features + 5, pairs(*_comparisons(truth))).score(features + 5).mean()) < 1e-9
    assert abs(fit_ratings(features, truth).score(features).mean()) < 1e-9


def test_a_reliability_of_one_half_teaches_nothing() -> None:
    features, truth = _world()
    winner, loser, prompt = _comparisons(truth)
    probe = fit(features, pairs(winner, loser, prompt, reliability=np.full(len(winner), 0.5)))
    assert np.abs(probe.weights).max() < 1e-9


def test_a_pair_surely_wrong_is_the_same_as_its_opposite_surely_right() -> None:
    features, truth = _world()
    winner, loser, prompt = _comparisons(truth)
    forwards = fit(features, pairs(winner, loser, prompt))
    backwards = fit(features, pairs(loser, winner, prompt, reliability=np.zeros(len(winner))))
    np.testing.assert_allclose(backwards.weights, forwards.weights, atol=1e-6)


def test_a_weight_of_two_counts_as_the_pair_twice() -> None:
    features, truth = _world(prompts=10)
    winner, loser, prompt = _comparisons(truth)
    twice = fit(features, pairs(winner * 2, loser * 2, prompt * 2))
    heavy = fit(features, pairs(winner, loser, prompt, weight=np.full(len(winner), 2.0)))
    np.testing.assert_allclose(heavy.weights, twice.weights, atol=1e-6)


def test_the_units_of_a_feature_do_not_matter() -> None:
    features, truth = _world()
    labels = pairs(*_comparisons(truth))
    scores = fit(features, labels).score(features)
    np.testing.assert_allclose(fit(features * 1000, labels).score(features * 1000), scores, atol=1e-6)


def test_a_constant_feature_is_left_alone() -> None:
    features, truth = _world(width=2)
    probe = fit(np.column_stack([features, np.full(len(features), 7.0)]), pairs(*_comparisons(truth)))
    assert probe.weights[2] == 0
    assert np.isfinite(probe.score(np.full((1, 3), 9.0))).all()


def test_reliabilities_rescue_a_probe_from_swapped_labels() -> None:
    features, truth = _world(prompts=400)
    winner, loser, prompt = _comparisons(truth)
    swapped = np.random.default_rng(1).random(len(winner)) < 0.4
    seen = np.where(swapped, loser, winner), np.where(swapped, winner, loser)
    e = np.where(swapped, 0.05, 0.95)
    labels = pairs(winner, loser, prompt)
    plain = accuracy(fit(features, pairs(*seen, prompt)).score(features), labels).value
    mixed = accuracy(fit(features, pairs(*seen, prompt, reliability=e)).score(features), labels).value
    assert mixed > plain + 0.02


def test_ratings_are_fitted_as_ridge_regression_on_one_feature_by_hand() -> None:
    # z is -a and a, centred ratings -2 and 2: w = 4 a / (2 a^2 + l2)
    a = 2 * math.tanh(0.5 / 1.4826)
    probe = fit_ratings([[0.0], [2.0]], [1.0, 5.0], l2=2.0)
    assert probe.weights == pytest.approx([4 * a / (2 * a**2 + 2)])
    assert probe.score([[0.0], [2.0]]) == pytest.approx([-a * probe.weights[0], a * probe.weights[0]])


def test_it_refuses_to_fit_nothing() -> None:
    with pytest.raises(ValueError, match="0 pairs"):
        fit(np.zeros((0, 3)), pairs([], []))
    with pytest.raises(ValueError, match="0 ratings"):
        fit_ratings(np.zeros((0, 3)), [])
    with pytest.raises(ValueError, match="0 pairs"):
        accuracy([], pairs([], []))


def test_the_interval_of_independent_pairs_is_wilsons() -> None:
    assert wilson(0.84, 50) == pytest.approx(proportion_confint(42, 50, method="wilson"))
    found = accuracy([1.0, 0.0], pairs([0] * 42 + [1] * 8, [1] * 42 + [0] * 8))
    assert (found.low, found.high) == pytest.approx(proportion_confint(42, 50, method="wilson"))


def test_pairs_that_are_right_and_wrong_together_count_as_one() -> None:
    scores = [1.0, 0.0]
    winner = [0] * 6 * 42 + [1] * 6 * 8
    together = accuracy(scores, pairs(winner, [1 - i for i in winner], np.arange(300) // 6))
    assert together.pairs == 300
    assert (together.low, together.high) == pytest.approx(
        proportion_confint(42, 50, method="wilson"), abs=0.005
    )


def test_an_equal_score_counts_half() -> None:
    assert accuracy([1.0, 1.0], pairs([0, 1], [1, 0])).value == 0.5


def test_the_logistic_does_not_overflow() -> None:
    assert logistic(np.array([-1e4, 0.0, 1e4])) == pytest.approx([0.0, 0.5, 1.0])
    assert logistic(np.array([1.0]))[0] == pytest.approx(1 / (1 + math.exp(-1)))


def test_a_score_is_linear_in_standardised_features() -> None:
    probe = Probe(np.array([1.0, -1.0]), 0.25, Standard(np.array([1.0, 0.0]), np.array([2.0, 1.0])))
    expected = 2 * math.tanh(0.5) - 2 * math.tanh(0.25) + 0.25
    assert probe.score([[3.0, 0.5]]) == pytest.approx([expected])
