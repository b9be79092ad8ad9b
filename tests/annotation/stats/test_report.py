import gzip
import json
import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from annotation.labels import Criterion, Tiers
from annotation.stats.judgements import Row, gather
from annotation.stats.report import comparison_agreement, rating_agreement, report, source_ratings

DATA = Path(__file__).parents[4] / "shared" / "data" / "mt_zhen_ratings.jsonl.gz"
# Computed with independent libraries; see the note that comes with the data.
REFERENCE = {
    "Lan-BridgeMT": 1084.8,
    "GPT4-5shot": 1077.9,
    "HW-TSC": 1042.8,
    "ONLINE-B": 1032.9,
    "ONLINE-A": 1020.2,
    "IOL_Research": 1006.6,
    "ONLINE-W": 987.6,
    "ONLINE-M": 953.5,
    "NLLB_Greedy": 902.0,
    "NLLB_MBR_BLEU": 891.7,
}


@pytest.fixture(scope="module")
def translations() -> list[Row]:
    """One row a segment and rater: ten translations, each rated by minus its penalty."""
    if not DATA.exists():
        pytest.skip(f"the real judgements are not there: {DATA}")
    segments = defaultdict(list)
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        for output in map(json.loads, lines):
            segments[output["document"], output["segment"]].append(output)
    return [
        Row(
            item,
            rater,
            None,
            {"quality": [-o["mqm"][rater] for o in outputs]},
            [o["system"] for o in outputs],
        )
        for item, outputs in segments.items()
        for rater in outputs[0]["mqm"]
    ]


def test_real_judgements_give_the_reference_figures(translations: list[Row]) -> None:
    found = report(translations)
    assert (found["labels"], found["annotators"]) == (1131, 8)
    quality, comparisons = found["agreement"]["ratings"]["quality"], found["agreement"]["comparisons"]
    assert quality["alpha_interval"] == pytest.approx(0.45697, abs=2e-5)
    assert quality["alpha_ordinal"] == pytest.approx(0.44629, abs=2e-5)
    assert comparisons["votes"] == 50_895
    assert comparisons["tie_rate"] == pytest.approx(0.32548, abs=2e-5)
    assert comparisons["observed"] == pytest.approx(0.50288, abs=2e-5)
    assert comparisons["alpha_nominal"] == pytest.approx(0.24955, abs=2e-5)
    assert {rating["source"]: round(rating["elo"], 1) for rating in found["ratings"]} == REFERENCE
    assert [rating["source"] for rating in found["ratings"]] == list(REFERENCE)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_real_judgements_have_intervals_by_item(translations: list[Row]) -> None:
    judgements = gather(translations)
    agreement = comparison_agreement(judgements.votes)
    assert agreement.alpha_ordinal.value == pytest.approx(0.29349, abs=2e-5)
    assert agreement.alpha_nominal.low < 0.24955 < agreement.alpha_nominal.high
    assert agreement.alpha_nominal.n == 377
    quality = rating_agreement(judgements.scores)["quality"].alpha_interval
    assert 0.02 < quality.high - quality.low < 0.3
    for rating in source_ratings(judgements):
        assert 5 < rating.elo - rating.low < 30


def test_the_criteria_of_the_project_change_nothing_for_one_criterion(translations: list[Row]) -> None:
    criteria = [Criterion("quality", low=-200, high=0, step=0.1)]
    assert report(translations, criteria) == report(translations)


def ranking(item: int, annotator: str, tiers: Tiers | None, sources: Sequence[str | None] = "abc") -> Row:
    return Row(item, annotator, tiers, {}, list(sources))


def test_a_small_case_by_hand() -> None:
    """Two people, one ranking each of a, b, c: a > b > c and a > b = c. Pairs ab, ac equal, bc not: 2/3.

    Six votes, one of them a tie.
    """
    found = report([ranking(1, "x", ((0,), (1,), (2,))), ranking(1, "y", ((0,), (1, 2)))])
    assert found["agreement"]["comparisons"]["votes"] == 6
    assert found["agreement"]["comparisons"]["tie_rate"] == pytest.approx(1 / 6)
    assert found["agreement"]["comparisons"]["observed"] == pytest.approx(2 / 3)
    assert [(rating["source"], rating["votes"]) for rating in found["ratings"]] == [
        ("a", 4),
        ("b", 4),
        ("c", 4),
    ]
    assert all(rating["low"] < rating["elo"] < rating["high"] for rating in found["ratings"])


def test_one_annotator_has_no_agreement_but_ratings() -> None:
    found = report([ranking(1, "x", ((0,), (1,), (2,)))])
    assert found["agreement"]["comparisons"] == {
        "votes": 3,
        "tie_rate": 0,
        "observed": None,
        "alpha_nominal": None,
    }
    assert [rating["source"] for rating in found["ratings"]] == ["a", "b", "c"]


def test_no_labels_are_no_error() -> None:
    assert report([]) == {
        "labels": 0,
        "annotators": 0,
        "agreement": {
            "ratings": {},
            "comparisons": {"votes": 0, "tie_rate": None, "observed": None, "alpha_nominal": None},
        },
        "ratings": [],
    }


def test_tiers_come_before_what_the_ratings_imply() -> None:
    row = Row(1, "x", ((1,), (0,)), {"quality": [5, 1]}, ["a", "b"])
    assert gather([row]).votes.outcome == [0.0]
    assert gather([row._replace(tiers=None)]).votes.outcome == [1.0]


def test_candidates_of_one_source_or_none_are_compared_but_not_rated() -> None:
    rows = [ranking(1, "x", ((0,), (1,)), "aa"), ranking(2, "x", ((0,), (1,)), ["a", None])]
    assert report(rows)["agreement"]["comparisons"]["votes"] == 2
    assert report(rows)["ratings"] == []


def test_equal_texts_are_not_merged_only_item_ids_count() -> None:
    same, other = [ranking(n, "x", ((0,), (1,)), "ab") for n in (1, 2)]
    assert report([same, other._replace(annotator="y")])["agreement"]["comparisons"]["observed"] is None
    assert report([same, same._replace(annotator="y")])["agreement"]["comparisons"]["observed"] == 1


def test_a_candidate_without_a_rating_is_compared_with_nothing() -> None:
    votes = gather([Row(1, "x", None, {"quality": [1, None, 2]}, "abc")]).votes
    assert (votes.units.tolist(), votes.outcome.tolist()) == ([1], [0.0])


def test_a_criterion_that_the_project_dropped_counts_over_the_range_it_was_used_in() -> None:
    """quality 1..5: 0 and .5; style, used from 2 to 4: 1 and 0. Means .5 and .25."""
    row = Row(1, "x", None, {"quality": [1, 3], "style": [4, 2]}, "ab")
    assert gather([row], [Criterion("quality")]).votes.outcome == [1.0]


def test_an_item_cannot_change_its_number_of_candidates() -> None:
    with pytest.raises(ValueError, match="item 1 has 3 candidates and 2"):
        gather([ranking(1, "x", None), ranking(1, "y", None, "ab")])


def test_sources_that_never_met_are_in_different_components() -> None:
    rows = [ranking(1, "x", ((0,), (1,)), "ab"), ranking(2, "x", ((0,), (1,)), "cd")]
    parts = {rating.source: rating.component for rating in source_ratings(gather(rows))}
    assert parts["a"] == parts["b"] != parts["c"] == parts["d"]
    assert all(math.isfinite(rating.low) for rating in source_ratings(gather(rows)))
