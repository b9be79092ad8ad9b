"""Sampling answers for people to judge."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.recipes import sample
from training.recipes.completions import PARTIAL, wanted_answers
from training.recipes.features import feature_table
from training.recipes.guard import Stop
from training.recipes.text import freeze, load_policy, load_tokenizer
from training.rundir import Config, Events, RunDir, read_events, read_jsonl, write_jsonl

pytestmark = pytest.mark.torch

QUESTIONS = ("What is the capital of Kenya?", "How?", "法国的首都是哪里?", "Write a note to Lily, please.")
PROMPTS: list[dict[str, Any]] = [
    {"id": f"p{number}", "prompt": [{"role": "user", "content": question}]}
    for number, question in enumerate(QUESTIONS)
]


def case(root: Path, policy: Path, prompts: list[dict[str, Any]] = PROMPTS, **settings: Any) -> RunDir:
    folder = RunDir(root)
    values = {"per_prompt": 2, "max_new_tokens": 6, "batch": 3} | settings
    names = {"base": str(policy), "ppo-1": str(policy)}
    folder.write_config(Config("sample", values, seed=3, policies=names, initial_features=str(policy)))
    write_jsonl(folder.prompts, prompts)
    return folder


def run(folder: RunDir, stop: Stop | None = None) -> dict[str, Any] | None:
    events = Events(folder.events)
    try:
        return sample.run(folder, folder.read_config(), events, stop or Stop())
    finally:
        events.close()


def completions(folder: RunDir) -> list[dict[str, Any]]:
    return list(read_jsonl(folder.completions))


def test_every_prompt_gets_its_answers_from_every_policy(tiny_policy: Path, tmp_path: Path) -> None:
    folder = case(tmp_path, tiny_policy)
    result = run(folder)
    keys = [(row["prompt"], row["source"], row["index"]) for row in completions(folder)]
    assert keys == [(f"p{p}", s, i) for p in range(4) for s in ("base", "ppo-1") for i in range(2)]
    assert result is not None
    assert result["sources"] == {"base": 8, "ppo-1": 8}
    assert set(completions(folder)[0]) == {"prompt", "source", "index", "text", "tokens", "ended"}


def test_the_answers_do_not_depend_on_the_size_of_the_batch(tiny_policy: Path, tmp_path: Path) -> None:
    small, large = case(tmp_path / "a", tiny_policy, batch=1), case(tmp_path / "b", tiny_policy, batch=64)
    run(small)
    run(large)
    assert completions(small) == completions(large)


def test_the_answers_do_not_depend_on_the_other_prompts(tiny_policy: Path, tmp_path: Path) -> None:
    whole, part = case(tmp_path / "a", tiny_policy), case(tmp_path / "b", tiny_policy, PROMPTS[2:3])
    run(whole)
    run(part)
    assert completions(part) == [row for row in completions(whole) if row["prompt"] == "p2"]


def test_two_sources_with_the_same_weights_answer_differently(tiny_policy: Path, tmp_path: Path) -> None:
    folder = case(tmp_path, tiny_policy)
    run(folder)
    texts = {
        source: [r["text"] for r in completions(folder) if r["source"] == source]
        for source in ("base", "ppo-1")
    }
    assert texts["base"] != texts["ppo-1"]


def test_a_prompt_may_say_how_many_answers_of_which_source_it_wants() -> None:
    prompts: list[dict[str, Any]] = [{"id": "p1", "samples": {"ppo-1": 2, "base": 1}}, {"id": "p2"}]
    keys = [entry.key for entry in wanted_answers(prompts, ["base", "ppo-1"], per_prompt=1)]
    first = [("p1", "base", 0), ("p1", "ppo-1", 0), ("p1", "ppo-1", 1)]
    assert keys == [*first, ("p2", "base", 0), ("p2", "ppo-1", 0)]


def test_an_unknown_source_is_named() -> None:
    with pytest.raises(ValueError, match=r"prompt p1 wants answers of \['dpo-7'\]"):
        wanted_answers([{"id": "p1", "samples": {"dpo-7": 1}}], ["base"], per_prompt=4)


def test_features_stand_in_the_order_of_the_completions(tiny_policy: Path, tmp_path: Path) -> None:
    folder = case(tmp_path, tiny_policy)
    run(folder)
    rows, table = completions(folder), np.load(tmp_path / "features.npy")
    asked = {prompt["id"]: prompt["prompt"] for prompt in PROMPTS}
    model, tokenizer = freeze(load_policy(tiny_policy)), load_tokenizer(tiny_policy)
    expected = feature_table(model, tokenizer, [asked[rows[5]["prompt"]]], [rows[5]["text"]])
    assert table.dtype == np.float32
    np.testing.assert_allclose(table[5], expected[0], rtol=1e-4, atol=1e-5)
    assert len(table) == len(rows)


def test_a_stopped_run_goes_on_where_it_was(tiny_policy: Path, tmp_path: Path) -> None:
    whole, halted = case(tmp_path / "a", tiny_policy), case(tmp_path / "b", tiny_policy)
    run(whole)
    stop = Stop()
    stop.ask()
    assert run(halted, stop) is None
    assert not halted.completions.exists()
    run(halted)
    begun = [row["step"] for row in read_events(halted.events)[0] if row["event"] == "begin"]
    assert begun == [0, 3]
    assert halted.completions.read_bytes() == whole.completions.read_bytes()


def test_a_batch_torn_by_a_kill_is_made_again(tiny_policy: Path, tmp_path: Path) -> None:
    folder = case(tmp_path / "a", tiny_policy)
    run(folder)
    torn = case(tmp_path / "b", tiny_policy)
    batch = [row for row in completions(folder) if row["prompt"] == "p3"][:3]
    line = json.dumps(batch, ensure_ascii=False)
    (torn.root / PARTIAL).write_text(line[: len(line) // 2])
    run(torn)
    assert torn.completions.read_bytes() == folder.completions.read_bytes()


def test_a_missing_policy_folder_is_named(tiny_policy: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    shutil.copytree(tiny_policy, gone)
    folder = case(tmp_path / "run", gone)
    shutil.rmtree(gone)
    with pytest.raises(FileNotFoundError, match="gone"):
        run(folder)
