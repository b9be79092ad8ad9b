from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.training.recipes.samples import preference_rows
from training.recipes.fresh import main, read_texts, train_tokenizer, write_fresh_policy
from training.recipes.text import load_policy, load_tokenizer
from training.rundir import write_jsonl
from training.savepoints import check

pytestmark = pytest.mark.torch


def test_the_command_writes_a_policy_for_the_texts_of_a_preferences_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_jsonl(tmp_path / "texts.jsonl", preference_rows())
    shape = ["--vocabulary", "300", "--hidden", "32", "--layers", "1", "--positions", "64"]
    given = [str(tmp_path / "texts.jsonl"), str(tmp_path / "m"), *shape]
    monkeypatch.setattr(sys, "argv", ["fresh", *given])
    main()
    assert load_policy(tmp_path / "m").config.max_position_embeddings == 64
    assert check(tmp_path / "m") is not None


def test_its_tokenizer_writes_any_text_back(tmp_path: Path) -> None:
    tokenizer = train_tokenizer(["hello"], 300)
    text = "Grüße 你好 \U0001f600\n\tend"
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_it_reads_prompts_and_completions(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "texts.jsonl", preference_rows(1, 0))
    texts = list(read_texts(tmp_path / "texts.jsonl"))
    assert texts[0].startswith("Write a note")
    assert len(texts) == 4


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_fresh_policy(
            tmp_path / name, ["hello there"] * 3, vocabulary=280, hidden=32, layers=1, positions=32, seed=4
        )
    assert check(tmp_path / "a") == check(tmp_path / "b")
    assert load_tokenizer(tmp_path / "a").eos_token == "<|end|>"
