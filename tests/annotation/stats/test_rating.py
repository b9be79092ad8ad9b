import choix
import numpy as np
import pytest

from annotation.stats.estimate import Floats, Ints
from annotation.stats.meetings import count_votes
from annotation.stats.rating import (
    DENSE,
    bradley_terry,
    default_prior,
    elo_scale,
    elo_step,
    fit,
    running_elo,
    win_probabilities,
)

Votes = tuple[Ints, Ints, Floats]

# The example of the article "Bradley-Terry model" of Wikipedia: row beat column; estimates there (product 1).
WIKIPEDIA = [[0, 2, 0, 1], [3, 0, 5, 0], [0, 3, 0, 1], [4, 0, 3, 0]]
PUBLISHED = [0.640, 1.043, 0.660, 2.270]


def votes_of(wins: list[list[int]]) -> Votes:
    i, j = np.nonzero(np.array(wins))
    times = np.asarray(wins)[i, j]
    return np.repeat(i, times), np.repeat(j, times), np.ones(times.sum())


def simulated(
    things: int = 12, votes: int = 3000, ties: float = 0.2, seed: int = 0
) -> tuple[Floats, Ints, Ints, Floats]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=things)
    truth -= truth.mean()
    i = rng.integers(0, things, votes)
    j = (i + rng.integers(1, things, votes)) % things
    outcome = (rng.random(votes) < 1 / (1 + np.exp(truth[j] - truth[i]))).astype(float)
    return truth, i, j, np.where(rng.random(votes) < ties, 0.5, outcome)


def halves(i: Ints, j: Ints, outcome: Floats) -> list[tuple[int, int]]:
    """Every vote as two wins, so that a tie is one each."""
    firsts = [(a, b) if told >= 0.5 else (b, a) for a, b, told in zip(i, j, outcome, strict=True)]
    seconds = [(a, b) if told > 0.5 else (b, a) for a, b, told in zip(i, j, outcome, strict=True)]
    return firsts + seconds


def test_it_finds_the_published_strengths() -> None:
    strengths = bradley_terry(4, *votes_of(WIKIPEDIA), prior=0).values
    assert np.exp(strengths) == pytest.approx(PUBLISHED, abs=1e-3)


def test_two_things_by_hand() -> None:
    """Won 3 of 4: odds 3, strengths +-ln 3 / 2. Curvature of the gap 4 * 3/16, so its error is sqrt(4/3)."""
    two = bradley_terry(2, [0, 0, 1, 0], [1, 1, 0, 1], [1, 1, 1, 1], prior=0)
    assert two.values == pytest.approx([np.log(3) / 2, -np.log(3) / 2])
    assert two.errors == pytest.approx(np.full(2, np.sqrt(4 / 3) / 2))
    assert np.diff(elo_scale(two.values[::-1])) == pytest.approx(400 * np.log10(3))
    assert list(two.votes) == [4, 4]


def test_a_tie_is_half_a_win_each() -> None:
    tied = bradley_terry(2, [0] * 4, [1] * 4, [1, 0.5, 0.5, 0.5], prior=0).values
    assert win_probabilities(tied)[0, 1] == pytest.approx(2.5 / 4)


@pytest.mark.parametrize(("prior", "penalty"), [(0, 0), (1, 0.5)])
def test_it_equals_choix(prior: float, penalty: float) -> None:
    _, i, j, outcome = simulated(votes=400)
    theirs = choix.opt_pairwise(12, halves(i, j, outcome), alpha=2 * penalty)
    ours = bradley_terry(12, i, j, outcome, prior=prior).values
    assert ours == pytest.approx(theirs - theirs.mean(), abs=1e-4)


def test_the_order_and_direction_of_votes_change_nothing() -> None:
    _, i, j, outcome = simulated()
    straight, turned = (
        bradley_terry(12, i, j, outcome),
        bradley_terry(12, j[::-1], i[::-1], 1 - outcome[::-1]),
    )
    assert turned.values == pytest.approx(straight.values, abs=1e-9)
    assert turned.errors == pytest.approx(straight.errors, abs=1e-9)


def test_renaming_things_permutes_the_strengths() -> None:
    _, i, j, outcome = simulated()
    names = np.random.default_rng(1).permutation(12)
    renamed = bradley_terry(12, names[i], names[j], outcome).values
    assert renamed[names] == pytest.approx(bradley_terry(12, i, j, outcome).values, abs=1e-9)


@pytest.mark.parametrize("prior", [0, 1])
def test_intervals_hold_the_truth_as_often_as_they_say(prior: float) -> None:
    held = []
    for seed in range(100):
        truth, i, j, outcome = simulated(votes=600, ties=0, seed=seed)
        rated = bradley_terry(12, i, j, outcome, prior=prior)
        held.append((rated.low < truth) & (truth < rated.high))
    assert 0.93 <= np.mean(held) <= 0.97


def test_repeated_votes_of_one_cluster_are_no_new_evidence() -> None:
    _, i, j, outcome = simulated(votes=600)
    once = bradley_terry(12, i, j, outcome, prior=0)
    four = [np.repeat(votes, 4) for votes in (i, j, outcome)]
    clustered = bradley_terry(12, *four, prior=0, clusters=np.repeat(np.arange(600), 4))
    assert clustered.values == pytest.approx(once.values, abs=1e-9)
    assert clustered.errors == pytest.approx(once.errors, rel=0.01)
    assert np.all(bradley_terry(12, *four, prior=0).errors < 0.6 * once.errors)


def test_a_single_cluster_does_not_make_the_errors_vanish() -> None:
    _, i, j, outcome = simulated(votes=600)
    alone = bradley_terry(12, i, j, outcome, clusters=np.zeros(600))
    assert alone.errors == pytest.approx(bradley_terry(12, i, j, outcome).errors)


def test_weights_count_votes_more_or_less_often() -> None:
    _, i, j, outcome = simulated(votes=400)
    doubled = bradley_terry(12, np.tile(i, 2), np.tile(j, 2), np.tile(outcome, 2), prior=0)
    weighted = bradley_terry(12, i, j, outcome, weights=np.full(400, 2.0), prior=0)
    assert weighted.values == pytest.approx(doubled.values, abs=1e-9)
    assert weighted.errors == pytest.approx(bradley_terry(12, i, j, outcome, prior=0).errors)
    nothing = bradley_terry(12, i, j, outcome, weights=(i != 3) & (j != 3), prior=0)
    assert nothing.votes[3] == 0
    assert np.isnan(nothing.errors[3])


def test_parts_that_never_met_are_told_apart() -> None:
    split = bradley_terry(5, [0, 0, 0, 2, 2], [1, 1, 1, 3, 3], [1, 1, 0, 1, 0], prior=0)
    assert not split.connected
    assert list(split.component) == [0, 0, 1, 1, 2]
    assert split.values == pytest.approx([np.log(2) / 2, -np.log(2) / 2, 0, 0, 0], abs=1e-9)
    assert np.isnan(split.errors[4])


def test_the_maximum_exists_only_where_nobody_won_everything() -> None:
    _, i, j, outcome = simulated(votes=400)
    assert count_votes(12, i, j, outcome).maximum_exists
    meetings = count_votes(3, [0, 0, 1, 2], [1, 2, 2, 1], [1, 1, 1, 1])
    assert not meetings.maximum_exists
    with pytest.raises(ValueError, match="only ever won or lost"):
        fit(meetings, 0)
    assert np.all(np.isfinite(bradley_terry(3, [0], [1], [1]).values))


def test_the_unit_prior_is_used_where_meetings_are_few() -> None:
    _, i, j, outcome = simulated(votes=400)
    assert default_prior(count_votes(12, i, j, outcome)) == 0
    assert default_prior(count_votes(12, i[:100], j[:100], outcome[:100])) == 1


def test_thousands_of_things_get_the_same_strengths_without_a_full_matrix() -> None:
    things = DENSE + 500
    truth, i, j, outcome = simulated(things=things, votes=4 * things)
    rated = bradley_terry(things, i, j, outcome)
    slope = np.bincount(i, outcome, things) + np.bincount(j, 1 - outcome, things)
    chance = 1 / (1 + np.exp(rated.values[j] - rated.values[i]))
    slope -= np.bincount(i, chance, things) + np.bincount(j, 1 - chance, things)
    assert slope == pytest.approx(rated.values, abs=1e-5)  # the prior's pull balances the votes'
    assert np.corrcoef(truth, rated.values)[0, 1] > 0.65
    assert np.isnan(rated.errors).all()


@pytest.mark.parametrize(
    ("votes", "words"),
    [
        (([0], [0], [1]), "thing 0 meets itself"),
        (([0], [2], [1]), r"outside 0\.\.1"),
        (([-1], [1], [1]), r"outside 0\.\.1"),
        (([0], [1], [0.7]), "not 0, 0.5 or 1"),
        (([0], [1], [2]), "not 0, 0.5 or 1"),
        (([0, 1], [1], [1]), "things for"),
    ],
)
def test_impossible_votes_are_refused(votes: tuple[list[int], list[int], list[float]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        bradley_terry(2, *votes)


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="weighs -1"):
        bradley_terry(2, [0], [1], [1], weights=[-1])


def test_no_votes_are_no_error() -> None:
    nothing = bradley_terry(3, [], [], [])
    assert list(nothing.values) == [0, 0, 0]
    assert nothing.connected


def test_running_elo_by_hand() -> None:
    """The first winner takes k / 2. Then 1008 against 992 expects .523, and a tie gives back .023 k."""
    first, second = running_elo(2, [0, 1], [1, 0], [1, 0.5], k=16)
    assert (first, second) == pytest.approx((1008 - 0.36813, 992 + 0.36813), abs=1e-4)
    assert elo_step(1000, 1000, 1, 16) == (1008, 992)
