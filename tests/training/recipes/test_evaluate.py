"""Comparing policies by what a reward model says of their answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from training.recipes import evaluate
from training.recipes.evaluate import compare, summaries, win_rate
from training.recipes.guard import Stop
from training.recipes.reward_model import Card, ProbeHead, ProbeNet, RewardModel
from training.recipes.text import load_policy, load_tokenizer
from training.rundir import Config, Events, RunDir, read_events, read_jsonl, write_jsonl

pytestmark = pytest.mark.torch


def row(source: str, prompt: str, text: str, ended: bool = True) -> dict[str, Any]:
    tokens = len(text.split())
    return {"source": source, "prompt": prompt, "index": 0, "text": text, "tokens": tokens, "ended": ended}


def test_a_win_rate_counts_ties_half_and_prompts_alike() -> None:
    """Prompt 1: of 2 x 2 pairs 2 won, 1 tied: .625. Prompt 2: its one pair is lost: 0. Mean .3125."""
    rate = win_rate([[1.0, 3.0], [0.0]], [[1.0, 2.0], [5.0]])
    assert rate.value == pytest.approx(0.3125)
    assert rate.low < 0.3125 < rate.high


def test_yes_or_no_prompts_get_wilsons_interval() -> None:
    """60 of 100, n 99 as the sample variance has it: z^2 = 3.8415, centre (.6 + z^2 / 198) / (1 + z^2 / 99)
    = .5963, half width sqrt(z^2 (.24 / 99 + z^2 / (4 x 99^2))) / (1 + z^2 / 99) = .0948."""
    rate = win_rate([[1.0]] * 60 + [[0.0]] * 40, [[0.5]] * 100)
    assert rate.low == pytest.approx(0.5015, abs=1e-4)
    assert rate.high == pytest.approx(0.6910, abs=1e-4)


def test_many_answers_a_prompt_narrow_the_interval() -> None:
    rng = np.random.default_rng(0)
    few = win_rate(rng.normal(0.3, 1, (80, 1)).tolist(), rng.normal(0, 1, (80, 1)).tolist())
    many = win_rate(rng.normal(0.3, 1, (80, 5)).tolist(), rng.normal(0, 1, (80, 5)).tolist())
    assert many.high - many.low < 0.7 * (few.high - few.low)


def test_an_interval_stays_open_when_every_prompt_is_won() -> None:
    rate = win_rate([[1.0]] * 20, [[0.0]] * 20)
    assert (rate.value, rate.high) == (1.0, 1.0)
    assert 0.8 < rate.low < 0.9


def test_the_interval_holds_the_truth_about_19_times_of_20() -> None:
    """Prompts with their own chance (mean .6), three answers a side: 400 studies of 60 prompts."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        chance = rng.beta(3, 2, size=(60, 1))
        new = (rng.random((60, 3)) < chance).astype(float)
        rate = win_rate(new.tolist(), [[0.5]] * 60)
        covered += rate.low <= 0.6 <= rate.high
    assert 0.92 < covered / 400 < 0.98


def test_a_source_is_summed_up_by_its_means() -> None:
    rows = [row("new", "p1", "a b c"), row("new", "p2", "a b c", ended=False), row("old", "p1", "d")]
    found = summaries(rows, np.array([1.0, 2.0, -1.0]))
    assert found["new"] == {"answers": 2, "length": 3, "ended": 0.5, "distinct": 0.5, "reward": 1.5}
    assert found["old"]["reward"] == -1.0


def test_only_prompts_that_both_answered_are_compared() -> None:
    rows = [row("new", "p1", "a"), row("new", "p2", "b"), row("base", "p2", "c"), row("dpo-1", "p3", "d")]
    found = compare(rows, np.array([0.0, 1.0, 0.0, 9.0]))
    assert set(found) == {"base"}
    assert (found["base"]["rate"], found["base"]["prompts"]) == (1.0, 1)


def test_it_evaluates_whole_policies(tiny_policy: Path, tmp_path: Path) -> None:
    base = load_policy(tiny_policy)
    head = ProbeHead(base.config.hidden_size + 3)
    torch.nn.init.normal_(head.weight, generator=torch.Generator().manual_seed(1))
    model = RewardModel(
        ProbeNet(base.base_model, head), base, load_tokenizer(tiny_policy), Card("probe", 128)
    )
    model.save(tmp_path / "reward")
    folder = RunDir(tmp_path / "run")
    names = {"new": str(tiny_policy), "base": str(tiny_policy)}
    settings = {"per_prompt": 2, "max_new_tokens": 6}
    folder.write_config(Config("evaluate", settings, policies=names, reward=str(tmp_path / "reward")))
    prompts: list[dict[str, Any]] = [
        {"id": f"p{n}", "prompt": [{"role": "user", "content": f"How {n}?"}]} for n in range(8)
    ]
    write_jsonl(folder.prompts, prompts)
    events = Events(folder.events)
    result = evaluate.run(folder, folder.read_config(), events, Stop())
    events.close()
    assert result is not None
    rows = list(read_jsonl(folder.completions))
    scores = model.score([prompts[0]["prompt"]] * 2, [r["text"] for r in rows[:2]])
    assert len(rows) == 32
    assert set(result["sources"]) == {"new", "base"}
    assert result["win_rates"]["base"]["low"] < 0.5 < result["win_rates"]["base"]["high"]
    last = read_events(folder.events)[0][-1]["values"]
    assert last["new: reward"] == pytest.approx(result["sources"]["new"]["reward"])
    rewards = evaluate.score_rows(model, prompts, rows)
    np.testing.assert_allclose(rewards[:2], scores.numpy(), rtol=1e-4, atol=1e-4)
    json.dumps(result, allow_nan=False)


def test_without_a_reward_model_there_are_no_win_rates() -> None:
    rows = [row("new", "p1", "a"), row("base", "p1", "b")]
    assert compare(rows, None) == {}
    assert "reward" not in summaries(rows, None)["new"]
