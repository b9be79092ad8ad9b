"""A small set of preferences: polite answers are preferred to curt ones, and those to rude ones."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from training.recipes.guard import Stop
from training.rundir import Config, Events, RunDir, read_events, write_jsonl

THINGS = ("soup", "lamp", "book", "tent", "kite", "map", "drum", "coat")
NAMES = ("Lily", "Tom", "Ben", "Zoe", "Anna", "Sam")
GOOD, PLAIN, BAD = "Dear {name}, thank you for the {thing}.", "Thank you.", "I do not care at all."
SETTINGS: dict[str, Any] = {"batch_groups": 4, "save_every": 2, "warmup_steps": 2}


def preference_rows(count: int = 12, tests: int = 4) -> list[dict[str, Any]]:
    """`count` prompts to learn from and `tests` to test on, each ranked good, plain, bad."""
    return [_row(number, "train" if number < count else "test") for number in range(count + tests)]


def _row(number: int, split: str) -> dict[str, Any]:
    name, thing = NAMES[number % len(NAMES)], THINGS[number % len(THINGS)]
    texts = [text.format(name=name, thing=thing) for text in (BAD, GOOD, PLAIN)]
    tiers = [[1], [2], [0]]
    label = {"annotation": number, "annotator": "a1", "tiers": tiers, "weight": 1.0, "reliability": 1.0}
    rest = {"weight": 1.0, "reliability": 1.0, "strength": 2, "annotator": "a1"}
    return {
        "id": f"p{number}",
        "round": 1,
        "prompt": [{"role": "user", "content": f"Write a note to {name} for the {thing}."}],
        "language": "en",
        "split": split,
        "completions": [{"id": 10 * number + place, "text": text} for place, text in enumerate(texts)],
        "scores": [1.0, 5.0, 3.0],
        "labels": [label],
        "pairs": [{"winner": better, "loser": worse, **rest} for better, worse in ((1, 2), (1, 0), (2, 0))],
    }


def run_folder(root: Path, config: Config, rows: list[dict[str, Any]]) -> RunDir:
    """The folder of a run with its config and preferences."""
    folder = RunDir(root)
    folder.write_config(config)
    write_jsonl(folder.preferences, rows)
    return folder


def perform(recipe: Any, folder: RunDir, stop: Stop | None = None) -> Any:
    """Run a recipe in this process; its result."""
    events = Events(folder.events)
    with contextlib.closing(events._file):
        return recipe.run(folder, folder.read_config(), events, stop or Stop())


def metrics(folder: RunDir) -> dict[int, dict[str, float]]:
    """The values of each step, later events over earlier ones."""
    found: dict[int, dict[str, float]] = {}
    for event in read_events(folder.events)[0]:
        if event["event"] == "metrics":
            found.setdefault(event["step"], {}).update(event["values"])
    return found


def notes(folder: RunDir) -> str:
    return "\n".join(event["text"] for event in read_events(folder.events)[0] if event["event"] == "note")
