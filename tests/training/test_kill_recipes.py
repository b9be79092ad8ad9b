"""A run of each kind that was killed ends with the weights it would have ended with anyhow, byte for byte."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from annotation.models import Project
from tests.factories import make_prompt
from tests.training.factories import fresh, make_preference_set
from tests.training.recipes.conftest import LINES
from tests.training.test_supervisor import group_of, once_saved
from training import supervisor
from training.models import Checkpoint, CheckpointRole, Run, RunState
from training.services.checkpoints import register
from training.services.runs import create_run

pytestmark = [pytest.mark.django_db, pytest.mark.torch]

STEPS: dict[str, dict[str, Any]] = {
    "reward": {"passes": 10, "batch_groups": 2, "save_every": 1},
    "dpo": {"passes": 10, "batch_groups": 2, "save_every": 1},
    "ppo": {"steps": 8, "prompts_per_step": 4, "minibatch": 4, "max_new_tokens": 6, "save_every": 1},
}


@pytest.fixture(autouse=True)
def artefacts(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.ARTEFACTS = tmp_path
    yield
    supervisor.stopping.clear()


@pytest.fixture
def policy(db: None, tmp_path: Path) -> Checkpoint:
    from training.recipes.fresh import write_fresh_policy

    write_fresh_policy(tmp_path / "tiny", LINES * 4, vocabulary=320, hidden=32, layers=2, positions=128)
    return register(tag="tiny", role=CheckpointRole.POLICY, folder="tiny")


def preferences(number: int) -> dict[str, Any]:
    pair = {"winner": 0, "loser": 1, "weight": 1.0, "reliability": 0.9, "strength": None, "annotator": "a1"}
    label = {"annotation": number, "tiers": [[0], [1]], "strength": None, "annotator": "a1"}
    return {
        "id": f"p{number}",
        "round": 1,
        "prompt": [{"role": "user", "content": f"Question {number}?"}],
        "language": "en",
        "split": "train",
        "completions": [{"id": 1, "text": f"Dear {number}, thank you."}, {"id": 2, "text": f"{number} seed"}],
        "labels": [label | {"weight": 1.0, "reliability": 0.9}],
        "pairs": [pair],
    }


def started(project: Project, kind: str, policy: Checkpoint, reward: Checkpoint | None) -> Run:
    inputs: dict[str, Any] = {"policy": policy, "reference": policy}
    if kind == "ppo":
        inputs |= {"reward": reward, "prompts": {"split": "train", "count": 8}}
    else:
        frozen = project.preference_sets.first()
        inputs["preference_set"] = frozen or make_preference_set(project, [*map(preferences, range(6))])
    return create_run(project=project, kind=kind, settings=STEPS[kind], seed=3, **inputs)


def weights(run: Run) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in fresh(run).checkpoint.path.glob("*.safetensors")}


@pytest.fixture
def reward(project: Project, policy: Checkpoint, request: pytest.FixtureRequest) -> Checkpoint | None:
    """A reward model of a run, for the kind that needs one."""
    if request.node.callspec.params["kind"] != "ppo":
        return None
    for _ in range(8):
        make_prompt(project, split="train")
    run = started(project, "reward", policy, None)
    supervisor.execute(run.pk)
    return fresh(run).checkpoint


@pytest.mark.parametrize("kind", list(STEPS))
def test_after_kill_9_the_weights_are_byte_equal(
    project: Project, policy: Checkpoint, reward: Checkpoint | None, kind: str
) -> None:
    whole, killed = (started(project, kind, policy, reward) for _ in range(2))
    supervisor.execute(whole.pk)
    assert fresh(whole).state == RunState.SUCCEEDED, fresh(whole).failure_text
    with once_saved(killed.folder, lambda: os.killpg(group_of(killed), signal.SIGKILL)):
        supervisor.execute(killed.pk)
    assert fresh(killed).state == RunState.QUEUED
    supervisor.execute(killed.pk)
    assert (fresh(killed).state, fresh(killed).epoch) == (RunState.SUCCEEDED, 2)
    assert weights(killed) == weights(whole)
    begun = [json.loads(line) for line in (killed.folder / "events.jsonl").read_text().splitlines()]
    assert [event["step"] > 0 for event in begun if event["event"] == "begin"] == [False, True]
