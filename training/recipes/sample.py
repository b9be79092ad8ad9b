"""Answers for people to judge: of each policy, to each prompt, and what the linear probe needs of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from training.hyperparameters import RunKind, Sample, read
from training.recipes.completions import PARTIAL, Row, make_completions
from training.recipes.features import feature_table
from training.recipes.guard import Stop
from training.recipes.text import freeze, load_policy, load_tokenizer
from training.rundir import Config, Events, RunDir, read_jsonl, write_jsonl

FEATURES = "features.npy"


def run(folder: RunDir, config: Config, events: Events, stop: Stop) -> dict[str, Any] | None:
    """Write `completions.jsonl` and, with `initial_features`, `features.npy`; counts, or None if stopped."""
    settings = read(RunKind.SAMPLE, config.settings)
    assert isinstance(settings, Sample)
    prompts = list(read_jsonl(folder.prompts))
    rows = make_completions(folder, config, prompts, settings, events, stop)
    if rows is None:
        return None
    write_jsonl(folder.completions, rows)
    if config.initial_features is not None:
        write_features(folder, config.initial_features, prompts, rows)
    (folder.root / PARTIAL).unlink()
    return {
        "completions": len(rows),
        "sources": dict(Counter(row["source"] for row in rows)),
        "tokens": sum(row["tokens"] for row in rows),
        "ended": sum(row["ended"] for row in rows) / len(rows),
    }


def write_features(
    folder: RunDir, base: str, prompts: Sequence[Mapping[str, Any]], rows: Sequence[Row]
) -> None:
    """`features.npy`: (rows, hidden + 3) float32, what the frozen model in `base` knows of each answer."""
    messages = {prompt["id"]: prompt["prompt"] for prompt in prompts}
    table = feature_table(
        freeze(load_policy(base)),
        load_tokenizer(base),
        [messages[row["prompt"]] for row in rows],
        [row["text"] for row in rows],
    )
    np.save(folder.root / FEATURES, table)
