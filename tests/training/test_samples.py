from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_django import Settings

from annotation.errors import Conflict, Missing, Refused
from annotation.labels import Kind
from annotation.models import Completion, Project, Round, RoundState
from tests.factories import make_project, make_prompt
from tests.training.factories import claimed, fresh, make_checkpoint, make_preference_set
from training.loopplan import LoopPlan
from training.models import Cycle, Features, Run, RunState
from training.rundir import RunDir, read_jsonl, write_jsonl
from training.services import cycles, folders, samples
from training.services.finishing import finish
from training.services.leases import Lost

pytestmark = pytest.mark.django_db

PLAN = LoopPlan(rankings=4, per_ranking=3, pool_compare=3, pool_score=2, pool_rank=1)


@pytest.fixture(autouse=True)
def artefacts(settings: Settings, tmp_path: Path) -> None:
    settings.ARTEFACTS = tmp_path


def nothing() -> None:
    """No lease to keep."""


def sampling(project: Project, sources: int = 3, *, prompts: int = 12, plan: LoopPlan = PLAN) -> Run:
    """A claimed run that samples from so many policies, its folder prepared."""
    for _ in range(prompts):
        make_prompt(project, split="train")
    policies = [make_checkpoint(f"policy-{number}") for number in range(sources)]
    run = claimed(cycles.start_sampling(project=project, policies=policies, base=policies[0], plan=plan))
    folders.prepare(run, nothing)
    return run


def answer(run: Run, text: str = "{source} says {index} to {prompt}") -> list[dict[str, Any]]:
    """Write what the sample recipe would."""
    folder = RunDir(run.folder)
    rows = [
        {"prompt": row["id"], "source": source, "index": index, "tokens": 5, "ended": True}
        for row in read_jsonl(folder.prompts)
        for source, count in row["samples"].items()
        for index in range(count)
    ]
    for row in rows:
        row["text"] = text.format(**row)
    write_jsonl(folder.completions, rows)
    np.save(folder.root / "features.npy", np.arange(len(rows) * 3, dtype=np.float32).reshape(-1, 3))
    return rows


def test_a_plan_says_what_each_prompt_is_for(project: Project) -> None:
    rows = list(read_jsonl(RunDir(sampling(project).folder).prompts))
    assert Counter(row["use"] for row in rows) == {"train": 4, "compare": 3, "score": 2, "rank": 1}
    assert {row["use"]: row["samples"] for row in rows} == {
        "train": {"policy-2": 3},
        "compare": {"policy-2": 2, "policy-1": 1, "policy-0": 1},
        "score": {"policy-2": 2, "policy-1": 1, "policy-0": 1},
        "rank": {"policy-2": 2, "policy-1": 1, "policy-0": 1},
    }


@pytest.mark.parametrize(("available", "pool"), [(5, 4), (10, 6), (100, 6)])
def test_with_few_prompts_every_part_of_the_plan_shrinks(available: int, pool: int) -> None:
    uses = PLAN.uses(available)
    assert len(uses) == min(available, PLAN.prompts)
    assert sum(use != "train" for use in uses) == pool


@pytest.mark.parametrize("wrong", [{"rankings": -1}, {"per_ranking": 1}, {"pool": 3}, {"check_rate": "much"}])
def test_an_impossible_plan_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"plan"):
        LoopPlan.read(wrong)


def test_samples_come_back_with_their_source_and_features(project: Project) -> None:
    run = sampling(project)
    rows = answer(run)
    assert samples.ingest(run, nothing) == len(rows)
    first = Completion.objects.get(key=f"run{run.pk}:0")
    assert (first.text, first.source) == (rows[0]["text"], rows[0]["source"])
    vector = np.frombuffer(bytes(Features.objects.get(completion=first).vector), dtype=np.float32)
    assert vector.tolist() == [0.0, 1.0, 2.0]


def test_samples_that_come_twice_are_stored_once(project: Project) -> None:
    run = sampling(project)
    rows = answer(run)
    for _ in range(2):
        samples.ingest(run, nothing)
    assert Completion.objects.count() == Features.objects.count() == len(rows)


def test_a_source_that_was_not_sampled_from_is_refused(project: Project) -> None:
    run = sampling(project)
    path = RunDir(run.folder).completions
    answer(run)
    path.write_text(path.read_text().replace("policy-1", "policy-x"))
    with pytest.raises(RuntimeError, match="policy-x"):
        samples.ingest(run, nothing)


def test_a_nul_that_a_model_wrote_is_replaced(project: Project) -> None:
    run = sampling(project)
    answer(run, "a {source} \x00 {index}")
    samples.ingest(run, nothing)
    assert "\N{REPLACEMENT CHARACTER}" in Completion.objects.all()[0].text


def test_the_next_round_is_drafted_with_a_pool_that_mixes_the_sources(project: Project) -> None:
    run = sampling(project)
    answer(run)
    finish(run, {"completions": 36}, nothing)
    (drafted,) = Round.objects.all()
    items = list(drafted.items.all())
    assert (drafted.state, drafted.overlap, drafted.check_rate) == (RoundState.DRAFT, 1, PLAN.check_rate)
    found = Counter((item.kind, item.overlap, len(item.candidates())) for item in items)
    assert found == {
        (Kind.RANK, 1, 3): 4,
        (Kind.COMPARE, 3, 2): 3,
        (Kind.SCORE, 3, 2): 2,
        (Kind.RANK, 3, 4): 1,
    }
    pairs = [{c.source for c in item.candidates()} for item in items if item.kind == Kind.COMPARE]
    assert all(len(sources) == 2 for sources in pairs)
    assert set.union(*pairs) == {"policy-0", "policy-1", "policy-2"}
    assert fresh(run).result == {"completions": 36, "drafted_round": 1}


def test_a_person_opens_the_round_unless_the_project_flies_itself(project: Project) -> None:
    project.autopilot = True
    project.save()
    run = sampling(project)
    answer(run)
    finish(run, {}, nothing)
    assert Round.objects.get().state == RoundState.OPEN


def test_without_criteria_the_pool_asks_for_no_scores() -> None:
    run = sampling(make_project(criteria=()))
    answer(run)
    finish(run, {}, nothing)
    assert set(Round.objects.get().items.values_list("kind", flat=True)) == {Kind.RANK, Kind.COMPARE}


def test_of_equal_answers_one_is_judged(project: Project) -> None:
    run = sampling(project, sources=1)
    answer(run, "always {source}")
    finish(run, {}, nothing)
    assert not Round.objects.exists()
    assert run.events.filter(text__startswith="no round drafted", warning=True).exists()


def test_a_worker_that_lost_the_run_drafts_no_round(project: Project) -> None:
    run = sampling(project)
    answer(run)
    Run.objects.filter(pk=run.pk).update(epoch=2)
    with pytest.raises(Lost):
        finish(run, {}, nothing)
    assert not Round.objects.exists()
    assert fresh(run).state == RunState.RUNNING
    finish(fresh(run), {}, nothing)
    assert Round.objects.count() == 1


def test_a_deleted_draft_is_drafted_again(project: Project) -> None:
    run = sampling(project)
    cycle = Cycle.objects.create(project=project, number=1, preference_set=make_preference_set(project))
    Run.objects.filter(pk=run.pk).update(cycle=cycle)
    answer(run)
    with pytest.raises(Missing):
        samples.draft_next_round(cycle=cycle)
    finish(fresh(run), {}, nothing)
    cycle.refresh_from_db()
    with pytest.raises(Conflict):
        samples.draft_next_round(cycle=cycle)
    Round.objects.all().delete()
    cycle.refresh_from_db()
    assert samples.draft_next_round(cycle=cycle).items.count() == 10


def test_only_prompts_that_stand_in_no_round_are_sampled(project: Project) -> None:
    run = sampling(project, prompts=12)
    answer(run)
    finish(run, {}, nothing)
    again = claimed(cycles.start_sampling(project=project, base=make_checkpoint("base"), plan=PLAN))
    folders.prepare(again, nothing)
    assert len(list(read_jsonl(RunDir(again.folder).prompts))) == 12 - PLAN.prompts


def test_held_out_prompts_are_not_sampled_for_labelling(project: Project) -> None:
    make_prompt(project, split="test")
    make_prompt(project, split="train")
    run = claimed(cycles.start_sampling(project=project, base=make_checkpoint("base"), plan=PLAN))
    folders.prepare(run, nothing)
    assert len(list(read_jsonl(RunDir(run.folder).prompts))) == 1


def test_the_folder_is_prepared_once(project: Project) -> None:
    run = sampling(project)
    before = RunDir(run.folder).prompts.read_text()
    make_prompt(project, split="train")
    folders.prepare(run, nothing)
    assert RunDir(run.folder).prompts.read_text() == before
    assert json.loads(RunDir(run.folder).config_path.read_text())["initial_features"]


def test_sampling_without_any_base_is_refused(project: Project) -> None:
    with pytest.raises(Refused, match="no_base"):
        cycles.start_sampling(project=project)
