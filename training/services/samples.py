"""What a sampling run wrote comes back: completions with their features, and the draft of the next round."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, islice
from typing import Any

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext_lazy as _

from annotation.errors import Conflict, Missing
from annotation.labels import Kind
from annotation.models import Completion, Prompt, Round
from annotation.services import rounds
from annotation.services.rounds import DraftItem
from annotation.transactions import write
from training.hyperparameters import RunKind
from training.loopplan import LoopPlan, Use
from training.models import Cycle, Features, Run, RunState
from training.rundir import RunDir, read_jsonl
from training.services.followers import tell
from training.services.prompts import prompt_id

BATCH = 500
KINDS = {Use.TRAIN: Kind.RANK, Use.RANK: Kind.RANK, Use.COMPARE: Kind.COMPARE, Use.SCORE: Kind.SCORE}


def ingest(run: Run, renew: Callable[[], None]) -> int:
    """Store the completions and features of a sampling run; again is harmless. The number of completions.

    Source is the tag of the policy; the key is the line in `completions.jsonl`, so no line is stored twice.
    """
    folder = RunDir(run.folder)
    rows = list(read_jsonl(folder.completions))
    vectors = _vectors(folder, len(rows))
    tags = set(run.policies.values_list("tag", flat=True))
    for start in range(0, len(rows), BATCH):
        renew()
        numbered = {_key(run, start + place): row for place, row in enumerate(rows[start : start + BATCH])}
        if unknown := {row["source"] for row in numbered.values()} - tags:
            raise RuntimeError(
                f"{folder.completions} names {sorted(unknown)}, which the run did not sample from"
            )
        _store(run, numbered, None if vectors is None else vectors[start : start + BATCH])
    return len(rows)


def draft_next_round(*, cycle: Cycle) -> Round:
    """Draft the next round of a cycle again, after its draft was deleted."""
    if cycle.drafted_round is not None:
        raise Conflict("drafted_already", _("The round of this cycle is there already."))
    run = cycle.runs.filter(kind=RunKind.SAMPLE, state=RunState.SUCCEEDED).order_by("pk").last()
    if run is None:
        raise Missing("no_samples", _("The samples of this cycle are not there yet."))
    with write():
        drafted = draft(run)
    if drafted is None:
        raise Conflict("nothing_to_judge", _("The samples hold no two different answers to one prompt."))
    return drafted


def draft(run: Run) -> Round | None:
    """Draft a round from the samples of `run` by its plan; None where no two answers differ."""
    plan = LoopPlan.read(run.plan)
    items = list(_items(run, plan))
    if not items:
        tell(run, "no round drafted: no two answers to one prompt differ", warning=True)
        return None
    drafted = rounds.draft_round(project=run.project, items=items, overlap=1, check_rate=plan.check_rate)
    Run.objects.filter(pk=run.pk).update(result={**_result(run), "drafted_round": drafted.number})
    if run.cycle is not None:
        Cycle.objects.filter(pk=run.cycle.pk).update(drafted_round=drafted)
    tell(run, f"drafted round {drafted.number} with {len(items)} items")
    if run.project.autopilot:
        rounds.open_round(round_id=drafted.pk)
    return drafted


def _result(run: Run) -> dict[str, Any]:
    return dict(Run.objects.values_list("result", flat=True).get(pk=run.pk))


def _key(run: Run, line: int) -> str:
    return f"run{run.pk}:{line}"


def _vectors(folder: RunDir, count: int) -> npt.NDArray[np.float32] | None:
    """One row a completion, or None where the run computed no features."""
    path = folder.root / "features.npy"
    if not path.exists():
        return None
    vectors: npt.NDArray[np.float32] = np.load(path, allow_pickle=False).astype(np.float32)
    if len(vectors) != count:
        raise RuntimeError(f"{path} has {len(vectors)} rows for {count} completions")
    return vectors


def _store(run: Run, numbered: dict[str, Any], vectors: npt.NDArray[np.float32] | None) -> None:
    """Store one batch: line key -> row of `completions.jsonl`, with aligned vectors."""
    completions = [
        Completion(
            prompt_id=prompt_id(row["prompt"]), text=_clean(row["text"]), source=row["source"], key=key
        )
        for key, row in numbered.items()
    ]
    with write():
        Completion.objects.bulk_create(completions, ignore_conflicts=True)
        if vectors is None or run.reference is None:
            return
        stored = _stored(run, numbered)
        Features.objects.bulk_create(
            [
                Features(completion_id=stored[key], checkpoint=run.reference, vector=vector.tobytes())
                for key, vector in zip(numbered, vectors, strict=True)
            ],
            ignore_conflicts=True,
        )


def _stored(run: Run, numbered: dict[str, Any]) -> dict[str, int]:
    found = Completion.objects.filter(prompt__project=run.project, key__in=numbered)
    return dict(found.values_list("key", "pk"))


def _clean(text: str) -> str:
    """A model may write NUL, which PostgreSQL does not store."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _items(run: Run, plan: LoopPlan) -> Iterator[DraftItem]:
    """The items of the draft, in the order of the run's prompts."""
    rows = {prompt_id(row["id"]): row for row in read_jsonl(RunDir(run.folder).prompts)}
    found = Prompt.objects.in_bulk(list(rows))
    answers = _answers(run)
    scored = run.project.criteria.exists()
    for place, (pk, row) in enumerate(rows.items()):
        use = Use(row["use"])
        if use is Use.SCORE and not scored:
            use = Use.COMPARE  # nothing to rate by
        candidates = _candidates(_asked_for(answers[pk], row["samples"]), use, plan, place)
        if pk in found and len(candidates) > 1:
            overlap = 1 if use is Use.TRAIN else plan.pool_overlap
            name = f"{use.value}-{found[pk].external_id}"[:200]
            yield DraftItem(found[pk], candidates, KINDS[use], overlap, name)


def _answers(run: Run) -> dict[int, list[Completion]]:
    """What the run sampled, by prompt; of equal texts only the first."""
    answers: dict[int, list[Completion]] = defaultdict(list)
    mine = Completion.objects.filter(prompt__project=run.project, key__startswith=f"run{run.pk}:")
    for completion in mine.order_by("pk"):
        if all(completion.text != other.text for other in answers[completion.prompt_id]):
            answers[completion.prompt_id].append(completion)
    return answers


def _asked_for(answers: Sequence[Completion], counts: Mapping[str, int]) -> list[Completion]:
    """At most `counts[source]` answers of each source."""
    left = Counter(counts)
    kept = []
    for answer in answers:
        if left[answer.source] > 0:
            left[answer.source] -= 1
            kept.append(answer)
    return kept


def _candidates(answers: Sequence[Completion], use: Use, plan: LoopPlan, place: int) -> list[Completion]:
    """The answers that an item shows. In pairs of the pool the sources meet in turn."""
    if use in (Use.TRAIN, Use.RANK):
        return list(answers)
    groups = list(combinations(answers, 2 if use is Use.COMPARE else min(plan.per_score, len(answers))))
    if not groups:
        return []
    most = max(len({answer.source for answer in group}) for group in groups)
    mixed = [group for group in groups if len({answer.source for answer in group}) == most]
    return list(next(islice(mixed, place % len(mixed), None)))
