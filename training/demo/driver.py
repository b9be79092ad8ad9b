"""The loop, driven as people would drive it: through the services, while Celery trains.

Each stage is timed; the oracle of the tiny world judges the evaluations afterwards and tells nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from tqdm import tqdm

from annotation.models import Project, QualificationState, Round, RoundState
from annotation.selectors import report
from annotation.services import rounds
from training import tasks
from training.demo import setup
from training.demo.judge import CLEAR, Judged, judge
from training.demo.people import Simulated, candidates, label_round, logins, take_screening
from training.demo.plan import Plan
from training.hyperparameters import RunKind
from training.models import Cycle, Run, RunState
from training.rundir import RunDir, read_jsonl
from training.services import checkpoints, cycles, preference_sets
from training.services.prompts import prompt_key

POLL_SECONDS = 0.2
NAMES = ("dpo", "ppo")


class RunEnded(RuntimeError):
    """A run of the demo failed or was cancelled; the demo cannot go on."""


class Demo:
    """One turn after the other. `rows` grow as rounds end."""

    def __init__(self, plan: Plan, on_round: Callable[[dict[str, Any]], None]) -> None:
        self.plan = plan
        self.on_round = on_round
        self.seconds: dict[str, float] = {}
        self.rows: list[dict[str, Any]] = []

    def prepare(self) -> dict[str, str]:
        """Project, prompts, logins and the built-in base; the passwords by account name."""
        checkpoints.register_built_in()
        self.project: Project = setup.make_project(self.plan)
        passwords = {user.username: password for user, password in logins(self.project).values()}
        setup.add_world(self.project, self.plan, to_label=self.plan.loop.prompts * (self.plan.rounds + 1))
        return passwords

    def run(self) -> dict[str, Any]:
        """All rounds; the summary. The round after the last is drafted, opened and left to people."""
        started = time.monotonic()
        with self._timed("calibrate"):  # before the sampling, which draws from the prompts that are there
            setup.add_calibration(self.project, self.plan)
        with self._timed("sample"):
            first = cycles.start_sampling(project=self.project, plan=self.plan.loop, seed=self.plan.seed)
            tasks.ring(first.pk)
            people = self._let_in()
            self._wait([first])
        for number in range(1, self.plan.rounds + 1):
            row = self._turn(number, people)
            row["wall_seconds"] = round(time.monotonic() - started, 1)
            self.rows.append(row)
            self.on_round(row)
            self.seconds, started = {}, time.monotonic()
        drafted = self._round(self.plan.rounds + 1)
        rounds.open_round(round_id=drafted.pk)
        return self.summary()

    def summary(self) -> dict[str, Any]:
        return {
            "seed": self.plan.seed,
            "screened": self.plan.screened,
            "mode": self.plan.mode.value,
            "rounds": self.rows,
        }

    def _let_in(self) -> list[Simulated]:
        """Those who may label: who passed the test, or everybody where nobody is tested."""
        people = candidates(self.project, self.plan)
        if not self.plan.screened:
            return people
        with self._timed("screen"):
            bar = tqdm(people, desc="screening", unit="person", leave=False, disable=None)
            return [one for one in bar if take_screening(self.project, one) == QualificationState.PASSED]

    def _turn(self, number: int, people: list[Simulated]) -> dict[str, Any]:
        """Label, close, freeze, train, evaluate, sample; what came of it."""
        current = self._round(number)
        with self._timed("label"):
            self._label(current, people)
        with self._timed("freeze"):
            frozen = preference_sets.freeze(
                project=self.project, rounds=self._closed(), created_by=None, weighting=self.project.weighting
            )
        cycle = cycles.start_cycle(
            project=self.project,
            preference_set=frozen,
            settings=self.plan.settings,
            plan=self.plan.loop,
            seed=self.plan.seed * 1000 + number,
            held_out=self.plan.held_out,
        )
        runs = list(cycle.runs.order_by("pk"))
        for run in runs:
            tasks.ring(run.pk)
        self._wait(runs)
        return self._account(current, cycle)

    def _label(self, current: Round, people: list[Simulated]) -> None:
        """Open the round and let everybody label until nothing is left; then close it."""
        rounds.open_round(round_id=current.pk)
        wanted = current.seats.count()
        with _bar("labelling", "label", wanted) as bar:
            for _ in label_round(self.project, people):
                bar.update()
        rounds.close_round(round_id=current.pk)

    def _wait(self, runs: list[Run]) -> None:
        """Follow runs to their ends, a bar for each that has begun; raises RunEnded when one ends badly."""
        bars: dict[int, tqdm[NoReturn]] = {}
        waiting = {run.pk for run in runs}
        while waiting:
            for run in Run.objects.filter(pk__in=waiting).exclude(state=RunState.WAITING):
                if run.pk not in bars:
                    bars[run.pk] = _bar(f"{run.kind} {run.name}".strip(), "step")
                _show(bars[run.pk], run)
                if run.ended:
                    bars[run.pk].close()
                    waiting.discard(run.pk)
                    _must_have_succeeded(run)
            time.sleep(POLL_SECONDS)

    def _account(self, current: Round, cycle: Cycle) -> dict[str, Any]:
        """The row of a round: what people did, what the oracle says of what was learnt from it."""
        judged = {run.name: self._judged(run) for run in cycle.runs.filter(kind=RunKind.EVALUATE)}
        of_reward = judged["dpo"]
        states = self.project.qualifications.filter(annotator__kind="simulated").values_list(
            "state", flat=True
        )
        said = report(self.project, rounds=[current])
        return {
            "round": current.number,
            "labels": said["labels"],
            "passed": sum(state == QualificationState.PASSED for state in states),
            "refused": sum(state == QualificationState.FAILED for state in states),
            "alpha": said["agreement"]["comparisons"]["alpha_nominal"],
            "reward_accuracy": of_reward.accuracy("base"),
            "reward_accuracy_clear": of_reward.accuracy("base", CLEAR),
            "policies": {name: self._policy(judged[name]) for name in NAMES},
            "seconds": {**self.seconds, **_run_seconds(cycle)},
        }

    def _judged(self, run: Run) -> Judged:
        prompts = {prompt_key(prompt.pk): prompt.text for prompt in self.project.prompts.filter(split="test")}
        return judge(read_jsonl(RunDir(run.folder).completions), prompts)

    def _policy(self, judged: Judged) -> dict[str, float | None]:
        previous = [source for source in judged.oracle if source not in ("new", "base")]
        return {
            "win_over_base": judged.win_rate("new", "base"),
            "win_over_previous": judged.win_rate("new", previous[0]) if previous else None,
            "oracle_score": judged.mean("new"),
        }

    def _round(self, number: int) -> Round:
        return self.project.rounds.labelling().get(number=number)

    def _closed(self) -> list[Round]:
        return list(self.project.rounds.labelling().filter(state=RoundState.CLOSED).order_by("number"))

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[stage] = round(time.monotonic() - started, 1)


def _bar(name: str, unit: str, total: int | None = None) -> tqdm[NoReturn]:
    """A bar on a terminal; nothing where nobody looks."""
    return tqdm(desc=name, unit=unit, total=total, leave=False, disable=None)


def _show(bar: tqdm[NoReturn], run: Run) -> None:
    bar.total = run.total_steps or None
    if run.step > bar.n:
        bar.update(run.step - bar.n)


def _must_have_succeeded(run: Run) -> None:
    if run.state != RunState.SUCCEEDED:
        raise RunEnded(f"{run} {run.state}: {run.failure_code} {run.failure_text}")


def _run_seconds(cycle: Cycle) -> Mapping[str, float]:
    """Wall seconds of each run, from its start to its end."""
    spans: dict[str, float] = {}
    for run in cycle.runs.exclude(started_at=None).exclude(ended_at=None).order_by("pk"):
        assert run.started_at is not None
        assert run.ended_at is not None
        spans[f"{run.kind} {run.name}".strip()] = round((run.ended_at - run.started_at).total_seconds(), 1)
    return spans
