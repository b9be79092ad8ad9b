"""Which prompts a run answers, and on which side of the split a prompt stands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from annotation.errors import Refused
from annotation.models import Project, Prompt, RoundPurpose

TRAIN, TEST = "train", "test"
TEST_SHARE = 10  # one in so many prompts is held out where the import did not say


class Splits:
    """The side of every prompt of a project. Equal texts stand on one side, whatever their ids."""

    def __init__(self, project: Project) -> None:
        self._said: dict[str, str] = {}
        for messages, split in project.prompts.exclude(split="").values_list("messages", "split"):
            key = digest(messages)
            if split == TEST or key not in self._said:
                self._said[key] = TEST if split == TEST else TRAIN

    def held_out(self, messages: object) -> bool:
        """Whether somebody said that this text is for tests."""
        return self._said.get(digest(messages)) == TEST

    def of(self, messages: object) -> str:
        key = digest(messages)
        return self._said.get(key) or (TEST if int(key, 16) % TEST_SHARE == 0 else TRAIN)


def digest(messages: object) -> str:
    """Equal for equal messages."""
    return hashlib.sha256(json.dumps(messages, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def prompt_key(prompt_id: int) -> str:
    """How a prompt is called in the files of a run."""
    return f"p{prompt_id}"


def prompt_id(key: str) -> int:
    return int(key.removeprefix("p"))


def check(wanted: Mapping[str, Any]) -> None:
    """Raise Refused where `chosen` could not read it."""
    ids, number, count = wanted.get("ids"), wanted.get("round"), wanted.get("count")
    if wanted.keys() == {"ids"} and isinstance(ids, list) and all(type(pk) is int for pk in ids):
        return
    if wanted.keys() == {"round"} and type(number) is int:
        return
    sides, unused = (None, TRAIN, TEST), wanted.get("unused", False)
    drawn = {"count"} <= wanted.keys() <= {"count", "split", "unused"} and type(unused) is bool
    if drawn and type(count) is int and count > 0 and wanted.get("split") in sides:
        return
    raise Refused("bad_prompts", _("Name prompts by ids, by round or by count."), field="prompts")


def chosen(project: Project, wanted: Mapping[str, Any], seed: int) -> list[Prompt]:
    """The prompts that `wanted` names, always the same for the same seed and rows; `check` it first.

    {"ids": [...]}: these, in this order. {"round": n}: those of labelling round n.
    {"count": n, "split": "train" | "test", "unused": bool}: n drawn from that side, texts distinct; without
    `split` from all that are not said to be for tests; `unused`: only prompts that stand in no round yet.
    """
    if "ids" in wanted:
        found = project.prompts.in_bulk(wanted["ids"])
        return [found[pk] for pk in wanted["ids"] if pk in found]
    if "round" in wanted:
        return list(_of_round(project, wanted["round"]).order_by("pk"))
    return _drawn(project, wanted, seed)


def _of_round(project: Project, number: int) -> QuerySet[Prompt]:
    items = {"items__round__number": number, "items__round__purpose": RoundPurpose.LABEL}
    return project.prompts.filter(**items).distinct()


def _drawn(project: Project, wanted: Mapping[str, Any], seed: int) -> list[Prompt]:
    """Those that are said to stand on the wanted side come before those that fall on it by their digest."""
    prompts = project.prompts.filter(items=None) if wanted.get("unused") else project.prompts.all()
    split = wanted.get("split")
    rows = sorted(prompts.values_list("pk", "split"), key=lambda row: (row[1] != split, _lot(seed, row[0])))
    return list(_first(project, [pk for pk, _ in rows], split, wanted["count"]))


def _first(project: Project, keys: list[int], split: str | None, count: int) -> Iterator[Prompt]:
    """The first `count` prompts on the side `split`, no text twice."""
    splits, seen = Splits(project), set[str]()
    for start in range(0, len(keys), 500):
        found = project.prompts.in_bulk(keys[start : start + 500])
        for pk in keys[start : start + 500]:
            prompt = found[pk]
            text = digest(prompt.messages)
            if len(seen) < count and text not in seen and _fits(splits, prompt, split):
                seen.add(text)
                yield prompt
        if len(seen) >= count:
            return


def _fits(splits: Splits, prompt: Prompt, split: str | None) -> bool:
    if split is None:
        return not splits.held_out(prompt.messages)
    return splits.of(prompt.messages) == split


def _lot(seed: int, pk: int) -> bytes:
    return hashlib.sha256(f"{seed}:{pk}".encode()).digest()
