"""Choose what a round asks: prompts at random, among answers that nobody has judged.

At random because no active choice saved labels where it was measured (docs/decisions), and because a
round that is a fair sample measures agreement and ratings for all of them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from annotation.labels import Kind
from annotation.models import Completion, Project, Prompt
from annotation.services.rounds import DraftItem

CHUNK = 500  # prompts


@dataclass(frozen=True)
class Design:
    """How many items of which kinds. `shares` are relative; `twice` is the share with one annotator more."""

    count: int
    shares: Mapping[Kind, int]
    per_item: int = 4
    overlap: int = 1
    twice: float = 0.0
    sources: Sequence[str] = ()
    seed: int = 0


@dataclass(frozen=True)
class Preview:
    """What a design comes to."""

    items: Sequence[DraftItem]
    available: int

    @property
    def kinds(self) -> Counter[Kind]:
        return Counter(item.kind for item in self.items)

    @property
    def seats(self) -> int:
        return sum(item.overlap or 1 for item in self.items)

    @property
    def examples(self) -> Sequence[DraftItem]:
        return self.items[:5]


def sources(project: Project) -> list[tuple[str, int]]:
    """Who wrote answers that nobody has judged yet, and how many."""
    rows = unjudged(project).values_list("source").annotate(count=Count("pk")).order_by("source")
    return [(source, count) for source, count in rows]


def unjudged(project: Project, only: Sequence[str] = ()) -> QuerySet[Completion]:
    """Completions that stand in no item."""
    rows = Completion.objects.filter(prompt__project=project, places=None)
    return rows.filter(source__in=only) if only else rows


def choose(project: Project, design: Design) -> Preview:
    """Items after `design`; the same seed over the same completions chooses the same."""
    chance = random.Random(design.seed)
    answers: dict[int, list[int]] = {}
    pairs = unjudged(project, design.sources).order_by("pk").values_list("prompt_id", "pk")
    for prompt_pk, completion_pk in pairs.iterator(chunk_size=5000):
        answers.setdefault(prompt_pk, []).append(completion_pk)
    fewest = 1 if design.shares.get(Kind.SCORE) else 2
    able = [prompt for prompt, found in answers.items() if len(found) >= fewest]
    kinds = spread(design.shares, min(design.count, len(able)), chance)
    items: list[DraftItem] = []
    for prompt, found in _in_turn(chance.sample(able, len(able)), answers):
        if len(items) == len(kinds):
            break
        item = _item(prompt, found, kinds[len(items)], design, chance)
        items += [item] if item else []
    return Preview(items, len(able))


def _in_turn(
    chosen: Sequence[int], answers: Mapping[int, Sequence[int]]
) -> Iterator[tuple[Prompt, list[Completion]]]:
    """Prompts with their answers in this order, read in chunks: most often the first chunk is enough."""
    for start in range(0, len(chosen), CHUNK):
        chunk = chosen[start : start + CHUNK]
        prompts = Prompt.objects.in_bulk(chunk)
        texts = Completion.objects.in_bulk([pk for prompt in chunk for pk in answers[prompt]])
        for prompt in chunk:
            yield prompts[prompt], [texts[pk] for pk in answers[prompt]]


def spread(shares: Mapping[Kind, int], count: int, chance: random.Random) -> list[Kind]:
    """`count` kinds in shuffled order whose numbers follow `shares` to within one."""
    total = sum(shares.values())
    exact = {kind: count * share / total for kind, share in shares.items() if share}
    numbers = {kind: int(wanted) for kind, wanted in exact.items()}
    by_rest = sorted(exact, key=lambda kind: exact[kind] - numbers[kind], reverse=True)
    for kind in by_rest[: count - sum(numbers.values())]:
        numbers[kind] += 1
    kinds = [kind for kind, number in numbers.items() for _ in range(number)]
    chance.shuffle(kinds)
    return kinds


def _item(
    prompt: Prompt, answers: Sequence[Completion], kind: Kind, design: Design, chance: random.Random
) -> DraftItem | None:
    """One item of answers with different texts; None where there are too few. Two are compared."""
    different = {answer.text: answer for answer in chance.sample(answers, len(answers))}
    taken = list(different.values())[: 2 if kind is Kind.COMPARE else design.per_item]
    if len(taken) == 1 and design.shares.get(Kind.SCORE):
        kind = Kind.SCORE
    elif len(taken) == 2 and kind is Kind.RANK:
        kind = Kind.COMPARE
    if len(taken) < (1 if kind is Kind.SCORE else 2):
        return None
    return DraftItem(prompt, taken, kind, overlap=design.overlap + (chance.random() < design.twice))
