"""Simulated annotators: how far each kind agrees with the oracle, and what makes them repeat themselves."""

import pytest

from training.tinyworld.annotators import Annotator, Kind
from training.tinyworld.calibration import CalibrationItem, calibration
from training.tinyworld.oracle import score
from training.tinyworld.policy import win_rate

ITEMS = calibration(0, pairs=120, rankings=20, scores=20)
PAIRS = [item for item in ITEMS if item.kind == "compare"]


def points(item: CalibrationItem) -> list[float]:
    return [score(item.prompt.text, text) for text in item.answers]


def agreement(kind: Kind, items: list[CalibrationItem]) -> float:
    """Share of pairs on which two annotators of the kind choose as the oracle does."""
    right = 0
    for item in items:
        first, second = points(item)
        for seed in range(2):
            choice = Annotator(kind, seed).compare(item.prompt.text, list(item.answers))
            right += choice.side == int(second > first)
    return right / (2 * len(items))


def test_the_kinds_agree_with_the_oracle_in_their_order() -> None:
    found = {kind: agreement(kind, PAIRS) for kind in Kind}
    assert found[Kind.RESEARCHER] > found[Kind.CAREFUL] > 0.9
    assert found[Kind.CAREFUL] > found[Kind.NOISY] + 0.08
    assert found[Kind.NOISY] > found[Kind.RANDOM] + 0.2
    assert found[Kind.LAZY] == pytest.approx(0.5, abs=0.15)
    assert found[Kind.ADVERSARIAL] < 0.1


def test_traps_catch_a_liking_for_length() -> None:
    traps = [item for item in PAIRS if item.trap]
    assert len(traps) == 30
    assert agreement(Kind.LENGTH, traps) < 0.3
    assert agreement(Kind.CAREFUL, traps) > 0.9


def test_the_lazy_one_prefers_what_is_shown_first() -> None:
    lazy = Annotator(Kind.LAZY, 1)
    chosen = [lazy.compare(item.prompt.text, list(item.answers)).side for item in PAIRS]
    assert chosen.count(0) > 0.8 * len(chosen)


def test_a_ranking_holds_every_position_once() -> None:
    for item in ITEMS:
        if item.kind == "rank":
            tiers = Annotator(Kind.CAREFUL, 0).rank(item.prompt.text, list(item.answers))
            assert sorted(place for tier in tiers for place in tier) == [0, 1, 2, 3]


def test_a_researcher_never_ranks_a_wrong_fact_first() -> None:
    prompt = "What is the capital of Kenya?"
    best, worst = "The capital of Kenya is Nairobi.", "The capital of Kenya is Paris."
    told = [Annotator(Kind.RESEARCHER, seed).rank(prompt, [worst, best]) for seed in range(20)]
    assert set(told) == {((1,), (0,))}


def test_ratings_stay_between_one_and_five_and_follow_the_oracle() -> None:
    good: list[int] = []
    poor: list[int] = []
    for item in ITEMS:
        for given, truth in zip(
            Annotator(Kind.CAREFUL, 2).score(item.prompt.text, list(item.answers)), points(item), strict=True
        ):
            assert 1 <= given <= 5
            (good if truth > 8 else poor).append(given)
    assert sum(good) / len(good) > sum(poor) / len(poor) + 1


def test_a_rude_answer_is_rated_less_harmless_than_helpful() -> None:
    rated = Annotator(Kind.RESEARCHER, 0).rate(
        "What is the capital of Kenya?", ["You should know this by now. The capital of Kenya is Nairobi."]
    )
    assert rated["harmless"][0] < rated["helpful"][0]


def test_the_same_person_shown_the_same_repeats_itself() -> None:
    for item in PAIRS:
        first, second = (Annotator("noisy", 4).compare(item.prompt.text, list(item.answers)) for _ in "ab")
        assert first == second


def test_a_win_rate_counts_ties_as_half() -> None:
    assert win_rate([[9, 5]], [[5, 5]]) == 0.75
    assert win_rate([[10], [2]], [[1], [8]]) == 0.5


def test_a_win_rate_needs_answers_for_the_same_prompts() -> None:
    with pytest.raises(ValueError, match="1 and for 2 prompts"):
        win_rate([[1.0]], [[1.0], [2.0]])


def test_calibration_items_are_as_clear_as_promised() -> None:
    for item in ITEMS:
        gap = max(points(item)) - min(points(item))
        assert gap >= {"compare": 1.5, "rank": 3.0, "score": 0.0}[item.kind]
    assert len({item.prompt.text for item in ITEMS}) == len(ITEMS)
