"""Answers of several policies to several prompts, written down batch by batch.

Every answer follows from (run seed, prompt, source, index), and the batches follow from the lengths. A run
started again finds its whole batches in `completions.partial.jsonl` and makes the others as it would have.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from training.hyperparameters import Evaluate, Sample
from training.recipes.batches import by_length
from training.recipes.generate import CACHED_TOKENS, Answer, generate_batch, prompt_ids, row_seed
from training.recipes.guard import Stop
from training.recipes.text import load_policy, load_tokenizer
from training.rundir import Config, Events, RunDir

PARTIAL = "completions.partial.jsonl"

Key = tuple[str, str, int]
Row = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """One answer to be made."""

    prompt: Mapping[str, Any]
    source: str
    index: int

    @property
    def key(self) -> Key:
        return self.prompt["id"], self.source, self.index


def wanted_answers(
    prompts: Sequence[Mapping[str, Any]], sources: Sequence[str], per_prompt: int
) -> list[Wanted]:
    """Every answer to be made, by prompt, source and index.

    A prompt may say under `samples` how many it wants of which source, {"base": 1, "ppo-3": 2}; another gets
    `per_prompt` of each. Raises ValueError at a source without a policy, and where nothing is wanted.
    """
    wanted: list[Wanted] = []
    for prompt in prompts:
        counts: Mapping[str, int] = prompt.get("samples") or dict.fromkeys(sources, per_prompt)
        if strangers := set(counts) - set(sources):
            raise ValueError(
                f"prompt {prompt['id']} wants answers of {sorted(strangers)}, not in {list(sources)}"
            )
        wanted += [
            Wanted(prompt, source, index) for source in sources for index in range(counts.get(source, 0))
        ]
    if not wanted:
        raise ValueError(f"nothing to sample: {len(prompts)} prompts, policies {list(sources)}")
    return wanted


def make_completions(
    folder: RunDir,
    config: Config,
    prompts: Sequence[Mapping[str, Any]],
    settings: Sample | Evaluate,
    events: Events,
    stop: Stop,
) -> list[Row] | None:
    """The rows of `completions.jsonl`, by prompt, source and index; None if stopped before the end."""
    wanted = wanted_answers(prompts, list(config.policies), settings.per_prompt)
    with Made(folder.root / PARTIAL) as made:
        events.begin(len(wanted), len(made.rows))
        for source, path in config.policies.items():
            missing = [entry for entry in wanted if entry.source == source and entry.key not in made.rows]
            for batch in _answers(path, missing, config.seed, settings):
                made.add(batch)
                events.metrics(len(made.rows), **_describe(batch))
                if stop and len(made.rows) < len(wanted):
                    return None
        return [made.rows[entry.key] for entry in wanted]


class Made:
    """The rows that are there already. A batch is one line, so a kill leaves it whole or not at all."""

    def __init__(self, path: Path) -> None:
        path.touch()
        whole = path.read_bytes()
        whole = whole[: whole.rfind(b"\n") + 1]
        os.truncate(path, len(whole))
        self.rows: dict[Key, Row] = {}
        for line in whole.splitlines():
            self._take(json.loads(line))
        self._file = path.open("a", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def add(self, batch: list[Row]) -> None:
        self._file.write(json.dumps(batch, ensure_ascii=False) + "\n")
        self._file.flush()
        self._take(batch)

    def _take(self, batch: list[Row]) -> None:
        self.rows.update({(row["prompt"], row["source"], row["index"]): row for row in batch})


def _answers(
    path: str, wanted: Sequence[Wanted], seed: int, settings: Sample | Evaluate
) -> Iterator[list[Row]]:
    """The answers of one policy, a batch at a time."""
    if not wanted:
        return
    model, tokenizer = load_policy(path), load_tokenizer(path)
    ids = [prompt_ids(model, tokenizer, entry.prompt["prompt"], settings.max_new_tokens) for entry in wanted]
    for chosen in by_length([len(prompt) for prompt in ids], settings.batch, CACHED_TOKENS):
        answers = generate_batch(
            model,
            tokenizer,
            [ids[place] for place in chosen],
            [row_seed(seed, *wanted[place].key) for place in chosen],
            temperature=settings.temperature,
            max_new_tokens=settings.max_new_tokens,
        )
        yield [_row(wanted[place], answer) for place, answer in zip(chosen, answers, strict=True)]


def _row(entry: Wanted, answer: Answer) -> Row:
    prompt, source, index = entry.key
    size = len(answer.ids) - answer.ended
    return {
        "prompt": prompt,
        "source": source,
        "index": index,
        "text": answer.text,
        "tokens": size,
        "ended": answer.ended,
    }


def _describe(batch: Sequence[Row]) -> dict[str, float]:
    """Mean length in tokens, and the share of answers that ended by themselves."""
    return {name: sum(row[name] for row in batch) / len(batch) for name in ("tokens", "ended")}
