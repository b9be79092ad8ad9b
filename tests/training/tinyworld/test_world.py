"""Requests and corpus come from the seed alone and read back from their text."""

import subprocess
import sys

import pytest

from training.tinyworld.corpus import corpus
from training.tinyworld.tables import KINDS
from training.tinyworld.world import is_held_out, parse, prompts


def test_it_reads_every_prompt_back_from_its_text() -> None:
    for prompt in prompts(1, 500):
        assert parse(prompt.text) == prompt


def test_it_draws_distinct_prompts() -> None:
    assert len({p.text for p in prompts(2, 600)}) == 600


def test_it_keeps_the_held_out_prompts_away_from_training() -> None:
    assert all(is_held_out(p.text) for p in prompts(3, 200, held_out=True))
    trained = {p.text for p in prompts(3, 600)} | {s.prompt.text for s in corpus(3, 3000)}
    assert not any(is_held_out(text) for text in trained)


def test_the_same_seed_writes_the_same_corpus() -> None:
    assert list(corpus(7, 300)) == list(corpus(7, 300))
    assert list(corpus(7, 300)) != list(corpus(8, 300))


def test_a_fifth_of_the_world_is_chinese() -> None:
    shares = sum(k.share for k in KINDS)
    chinese = sum(k.share for k in KINDS if k.language == "zh")
    assert shares == pytest.approx(1, abs=0.01)
    assert chinese == pytest.approx(0.19, abs=0.01)


def test_the_world_does_not_need_torch() -> None:
    modules = "annotators, calibration, corpus, oracle, policy, shipped, world"
    code = f"import sys; from training.tinyworld import {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
