"""What the demo prints of a round."""

from __future__ import annotations

from training.demo.table import round_table

ROW = {
    "round": 2, "labels": 307, "passed": 6, "refused": 7, "alpha": 0.6571,
    "reward_accuracy": 0.8512, "reward_accuracy_clear": 0.9012,
    "policies": {"dpo": {"win_over_base": 0.7512, "win_over_previous": None, "oracle_score": 8.014}},
    "seconds": {"label": 20.4},
}  # fmt: skip


def test_it_names_people_reward_and_policies() -> None:
    table = round_table(ROW)
    for words in ("Round 2", "passed 6, refused 7", "0.657", "0.851", "8.01", "0.751", "label 20"):
        assert words in table


def test_a_number_that_is_not_there_is_a_dash() -> None:
    assert "–" in round_table(ROW)
