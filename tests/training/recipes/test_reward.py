from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.samples import (
    BAD,
    GOOD,
    SETTINGS,
    metrics,
    notes,
    perform,
    preference_rows,
    run_folder,
)
from training.recipes import reward
from training.recipes.guard import Stop
from training.recipes.reward_model import RewardModel
from training.rundir import Config, RunDir
from training.savepoints import check

pytestmark = pytest.mark.torch


def _folder(tmp_path: Path, policy: Path, rows: list[dict[str, Any]], **settings: Any) -> RunDir:
    config = Config("reward", SETTINGS | settings, seed=3, policy=str(policy))
    return run_folder(tmp_path / "run", config, rows)


@pytest.mark.parametrize("loss", ["score", "compare", "rank", "plackett_luce"])
@pytest.mark.parametrize("start", ["probe", "classifier"])
def test_every_loss_learns_from_either_start(
    tiny_policy: Path, tmp_path: Path, loss: str, start: str
) -> None:
    more = {"passes": 12, "learning_rate": 5e-3} if start == "classifier" else {}
    folder = _folder(tmp_path, tiny_policy, preference_rows(), loss=loss, start=start, **more)
    result = perform(reward, folder)
    assert result["accuracy"]["value"] == 1.0
    assert result["accuracy"]["pairs"] == 12
    assert (result["prompts"], result["pairs"], result["dropped"], result["cut"]) == (12, 36, 0, 0)


def test_the_published_model_scores_the_labelled_answers_with_mean_zero_and_deviation_one(
    tiny_policy: Path, tmp_path: Path
) -> None:
    rows = preference_rows()
    folder = _folder(tmp_path, tiny_policy, rows)
    perform(reward, folder)
    asked = [(row["prompt"], one["text"]) for row in rows[:12] for one in row["completions"]]
    prompts, answers = zip(*asked, strict=True)
    scores = RewardModel.load(folder.model).score(prompts, answers)
    assert scores.mean().item() == pytest.approx(0.0, abs=1e-4)
    assert scores.std(correction=0).item() == pytest.approx(1.0, abs=1e-4)
    assert check(folder.model) is not None


def test_the_published_model_prefers_what_people_preferred(tiny_policy: Path, tmp_path: Path) -> None:
    folder = _folder(tmp_path, tiny_policy, preference_rows())
    perform(reward, folder)
    ask = [{"role": "user", "content": "Write a note to Mia for the cake."}]
    answers = [GOOD.format(name="Mia", thing="cake"), BAD]
    good, bad = RewardModel.load(folder.model).score([ask, ask], answers)
    assert good > bad


def test_it_tells_the_probes_accuracy_first_and_the_tuned_models_last(
    tiny_policy: Path, tmp_path: Path
) -> None:
    folder = _folder(tmp_path, tiny_policy, preference_rows())
    result = perform(reward, folder)
    told = metrics(folder)
    assert told[0]["probe_accuracy"] == result["probe_accuracy"]["value"]
    assert told[0]["probe_accuracy_low"] < 1.0
    assert max(told) == 6
    assert told[6]["held_out_accuracy"] == result["accuracy"]["value"]
    assert all({"loss", "accuracy", "gradient_norm"} <= told[step].keys() for step in range(1, 7))


def test_a_probe_without_tuning_is_its_own_model(tiny_policy: Path, tmp_path: Path) -> None:
    folder = _folder(tmp_path, tiny_policy, preference_rows(), passes=0)
    result = perform(reward, folder)
    assert result["accuracy"] == result["probe_accuracy"]
    assert not (folder.model / "model.safetensors").exists()


def test_it_says_what_it_dropped_cut_and_left_out(tiny_policy: Path, tmp_path: Path) -> None:
    rows = preference_rows()
    rows[0] |= {"pairs": [], "labels": []}
    rows[1]["completions"][0]["text"] = "I do not care. " * 60
    rows[2]["pairs"][0]["weight"] = 0.0
    result = perform(reward, _folder(tmp_path, tiny_policy, rows))
    assert (result["dropped"], result["cut"], result["weightless"]) == (1, 1, 1)
    told = notes(RunDir(tmp_path / "run"))
    assert "1 prompts dropped" in told
    assert "1 answers cut" in told
    assert "1 pairs of weight 0" in told


def test_without_test_prompts_it_says_that_there_is_no_accuracy(tiny_policy: Path, tmp_path: Path) -> None:
    folder = _folder(tmp_path, tiny_policy, preference_rows(tests=0))
    result = perform(reward, folder)
    assert result["accuracy"] is result["probe_accuracy"] is None
    assert "no held-out accuracy" in notes(folder)


def test_empty_answers_can_be_scored_and_learnt_from(tiny_policy: Path, tmp_path: Path) -> None:
    rows = preference_rows()
    for row in rows:
        row["completions"][0]["text"] = ""
    assert perform(reward, _folder(tmp_path, tiny_policy, rows))["accuracy"]["value"] == 1.0


def test_swapped_labels_of_low_reliability_do_not_mislead_it(tiny_policy: Path, tmp_path: Path) -> None:
    rows = preference_rows()
    for row in rows[:7]:
        for pair in row["pairs"]:
            pair |= {"winner": pair["loser"], "loser": pair["winner"], "weight": 0.0, "reliability": 0.1}
    result = perform(reward, _folder(tmp_path, tiny_policy, rows))
    assert result["accuracy"]["value"] == 1.0
    assert (result["weightless"], result["dropped"]) == (21, 7)


def test_a_run_stopped_and_started_again_ends_with_the_same_bytes(tiny_policy: Path, tmp_path: Path) -> None:
    whole = _folder(tmp_path / "whole", tiny_policy, preference_rows())
    perform(reward, whole)
    parts = _folder(tmp_path / "parts", tiny_policy, preference_rows())
    stop = Stop()
    stop.ask()
    assert perform(reward, parts, stop) is None
    assert not parts.model.exists()
    perform(reward, parts)
    assert check(parts.model) == check(whole.model)


def test_it_refuses_preferences_with_nothing_to_learn(tiny_policy: Path, tmp_path: Path) -> None:
    rows = [row | {"scores": None} for row in preference_rows()]
    with pytest.raises(ValueError, match="none of 16 prompts has what the loss score reads"):
        perform(reward, _folder(tmp_path, tiny_policy, rows, loss="score"))


def test_it_refuses_a_classifier_that_is_never_tuned(tiny_policy: Path, tmp_path: Path) -> None:
    folder = _folder(tmp_path, tiny_policy, preference_rows(), start="classifier", passes=0)
    with pytest.raises(ValueError, match="passes must be 1 or more"):
        perform(reward, folder)


def test_it_needs_a_model_to_start_from(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, Config("reward"), preference_rows())
    with pytest.raises(ValueError, match="needs a policy"):
        perform(reward, folder)
