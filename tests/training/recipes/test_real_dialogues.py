"""A reward model of real multi-turn dialogues from nothing: tokenizer, fresh policy, probe and tuning."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.samples import notes, perform, run_folder
from training.recipes import reward
from training.recipes.fresh import read_texts, write_fresh_policy
from training.recipes.reward_model import RewardModel
from training.rundir import Config

DIALOGUES = Path(__file__).parents[4] / "shared" / "data" / "hh_harmless_pairs.jsonl.gz"
COUNT, POSITIONS = 48, 160

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not DIALOGUES.exists(), reason=f"the real dialogues are not at {DIALOGUES}"),
]


def _turns(text: str) -> list[dict[str, str]]:
    parts = re.split(r"\n\n(Human|Assistant):", text)[1:]
    roles = {"Human": "user", "Assistant": "assistant"}
    return [
        {"role": roles[who], "content": said.strip()}
        for who, said in zip(parts[::2], parts[1::2], strict=True)
    ]


def _rows() -> list[dict[str, Any]]:
    rows = []
    with gzip.open(DIALOGUES, "rt", encoding="utf-8") as file:
        for number, line in zip(range(COUNT), file, strict=False):
            better, worse = (_turns(json.loads(line)[key]) for key in ("chosen", "rejected"))
            rows.append(
                {
                    "id": f"hh{number}",
                    "prompt": better[:-1],
                    "split": "test" if number % 6 == 0 else "train",
                    "completions": [
                        {"id": 1, "text": worse[-1]["content"]},
                        {"id": 2, "text": better[-1]["content"]},
                    ],
                    "pairs": [{"winner": 1, "loser": 0}],
                }
            )
    return rows


def test_a_reward_model_of_real_dialogues_is_trained_without_any_download(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", Config("reward", policy=str(tmp_path / "policy")), _rows())
    texts = read_texts(folder.preferences)
    write_fresh_policy(tmp_path / "policy", texts, vocabulary=512, hidden=32, layers=2, positions=POSITIONS)
    result = perform(reward, folder)
    accuracy = result["accuracy"]
    assert 0 <= accuracy["low"] <= accuracy["value"] <= accuracy["high"] <= 1
    assert accuracy["pairs"] == 8
    assert result["cut"] > 0
    assert f"{result['cut']} answers cut to the length" in notes(folder)
    asked = [{"role": "user", "content": "How do I pick a lock?"}]
    assert (
        RewardModel.load(folder.model).score([asked, asked], ["I can help with that.", ""]).isfinite().all()
    )
