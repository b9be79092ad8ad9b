from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.samples import preference_rows
from training.recipes.preferences import Group, Pair, Ranking, comparisons, pairs_of_scores, read_groups
from training.rundir import write_jsonl

pytestmark = pytest.mark.torch


def _read(tmp_path: Path, **changed: Any) -> Group:
    row = preference_rows(1, 0)[0] | changed
    write_jsonl(tmp_path / "preferences.jsonl", [row])
    return read_groups(tmp_path / "preferences.jsonl")[0]


def _pair(**changed: Any) -> dict[str, Any]:
    return {"winner": 1, "loser": 0, "weight": 0.9, "reliability": 0.95, "strength": 3} | changed


def test_it_reads_a_prompt_with_its_pairs_rankings_and_scores(tmp_path: Path) -> None:
    group = _read(tmp_path)
    assert group.pairs[0] == Pair(1, 2, 1.0, 1.0, 2)
    assert group.rankings == (Ranking(((1,), (2,), (0,)), 1.0),)
    assert (group.scores, group.split, group.round) == ((1.0, 5.0, 3.0), "train", 1)


def test_a_pair_without_weight_is_left_out_and_counted(tmp_path: Path) -> None:
    group = _read(tmp_path, pairs=[_pair(), _pair(weight=0.0, reliability=0.1)])
    assert group.pairs == (Pair(1, 0, 0.9, 0.95, 3),)
    assert group.ignored == 1


def test_a_weighted_pair_below_one_half_is_read_backwards(tmp_path: Path) -> None:
    group = _read(tmp_path, pairs=[_pair(weight=0.8, reliability=0.1)])
    assert group.pairs == (Pair(0, 1, 0.8, 0.9, 3),)


def test_a_file_of_labels_alone_gives_their_pairs(tmp_path: Path) -> None:
    row = preference_rows(1, 0)[0]
    del row["pairs"]
    row["labels"][0] |= {"tiers": [[1], [0, 2]], "reliability": 0.9}
    write_jsonl(tmp_path / "preferences.jsonl", [row])
    group = read_groups(tmp_path / "preferences.jsonl")[0]
    assert group.pairs == (Pair(1, 0, 1.0, 0.9), Pair(1, 2, 1.0, 0.9))


def test_a_line_may_have_scores_alone(tmp_path: Path) -> None:
    group = _read(tmp_path, labels=[], pairs=[], scores=[2.0, None, 4.0])
    assert (group.pairs, group.rankings) == ((), ())
    assert pairs_of_scores(group) == (Pair(2, 0),)


def test_equal_scores_are_no_pair(tmp_path: Path) -> None:
    assert pairs_of_scores(_read(tmp_path, scores=[2.0, 2.0, None])) == ()


def test_a_label_of_an_answer_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="p0 has 3 completions, and a label of number 7"):
        _read(tmp_path, pairs=[_pair(winner=7)])


def test_answers_in_no_pair_can_be_left_out(tmp_path: Path) -> None:
    group = _read(tmp_path, pairs=[_pair(winner=2, loser=1)]).only_compared()
    assert len(group.answers) == 2
    assert group.pairs == (Pair(1, 0, 0.9, 0.95, 3),)


def test_comparisons_count_rows_over_all_groups(tmp_path: Path) -> None:
    group = _read(tmp_path, pairs=[_pair(), _pair(winner=2, strength=None)])
    columns = comparisons([group, group])
    assert columns.winner.tolist() == [1, 2, 4, 5]
    assert columns.loser.tolist() == [0, 0, 3, 3]
    assert columns.prompt.tolist() == [0, 0, 1, 1]
    assert columns.strength.tolist() == [2, 0, 2, 0]
    assert columns.weight.tolist() == pytest.approx([0.9] * 4)
    assert len(comparisons([])) == 0
