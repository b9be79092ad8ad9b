"""One line of an item file, checked whole. Touches no database.

    {"id": "news-1", "prompt": "text", "completions": [{"text": "...", "source": "sys-a"}], "language": "zh",
     "tags": ["news"], "split": "train", "kind": "compare",
     "labels": [{"annotator": "rater2", "ratings": {"quality": [7, 5]}, "tiers": [[0], [1]], "strength": 3,
                 "seconds": 41.2, "researcher": false}]}

`prompt` may be a list of `{"role", "content"}`. Only `id`, `prompt` and `completions` are needed.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotation.labels import Criterion, Kind, Label

MAX_TEXT = 200_000  # characters of a prompt or completion
MAX_NAME = 100  # of a source or an annotator
MAX_ID = 200
MAX_COMPLETIONS = 100
MAX_TAGS = 50
MAX_SECONDS = 86_400
ROLES = ("system", "user", "assistant", "tool")
SPLITS = ("", "train", "test")
KEYS = {"id", "prompt", "completions", "language", "tags", "split", "kind", "labels"}
NO_BOUND = 1e12
MOST_STEPS = 20  # whole numbers over a wider range are read as a continuous scale
NAME = re.compile(r"[-a-zA-Z0-9_]{1,40}")


@dataclass(frozen=True)
class CompletionLine:
    text: str
    source: str
    key: str


@dataclass(frozen=True)
class LabelLine:
    annotator: str
    label: dict[str, Any]
    seconds: float | None = None
    researcher: bool = False


@dataclass(frozen=True)
class ItemLine:
    """What a line says; `kind` is None where nobody labelled it."""

    item_id: str
    prompt_id: str
    messages: list[dict[str, str]]
    completions: list[CompletionLine]
    labels: list[LabelLine]
    kind: str | None = None
    language: str = ""
    tags: list[str] | None = None
    split: str = ""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ItemLine:
        """The line back from `dataclasses.asdict`."""
        completions = [CompletionLine(**one) for one in data["completions"]]
        return cls(
            **data | {"completions": completions, "labels": [LabelLine(**one) for one in data["labels"]]}
        )


class Scales:
    """The criteria that ratings are read by. With `infer`, unknown ones are taken on with the range seen."""

    def __init__(self, known: Sequence[Criterion], *, infer: bool) -> None:
        self.known = {criterion.name: criterion for criterion in known}
        self.infer = infer
        self.seen: dict[str, list[float]] = {}  # lowest, highest, 1 while all are whole
        self.taken: list[Criterion] = []

    def take(self, criterion: Criterion) -> None:
        """Take on a criterion that the form of the file implies, unless there is one of its name."""
        if criterion.name not in self.known:
            self.known[criterion.name] = criterion
            self.taken.append(criterion)

    def read(self, data: dict[str, Any], kind: Kind, candidates: int) -> Label:
        criteria = list(self.known.values())
        named = data.get("ratings")
        if self.infer and isinstance(named, dict):
            criteria += [_boundless(name) for name in named if name not in self.known]
        label = Label.from_json(data, kind=kind, candidates=candidates, criteria=criteria, complete=False)
        for name, values in label.ratings.items():
            if name not in self.known:
                self._see(name, [value for value in values if value is not None])
        return label

    def new(self) -> list[Criterion]:
        """Those taken on, with the ranges that were seen; a step of 1 where all ratings are whole."""
        return self.taken + [_scale(name, *seen) for name, seen in self.seen.items()]

    def _see(self, name: str, values: Sequence[float]) -> None:
        if values:
            low, high, whole = self.seen.get(name, [math.inf, -math.inf, 1.0])
            all_whole = whole and all(value == int(value) for value in values)
            self.seen[name] = [min(low, *values), max(high, *values), float(all_whole)]


def read_item(data: object, scales: Scales) -> ItemLine:
    """The line in `data` (clean JSON); ValueError saying why where it is not one."""
    line = an_object("a line", data)
    if unknown := line.keys() - KEYS:
        raise ValueError(f"unknown key {min(unknown)!r:.80}")
    name = a_text("id", line.get("id"), MAX_ID, least=1)
    given = [an_object("a label", label) for label in a_list("labels", line.get("labels", []))]
    completions = _completions(line.get("completions", []), least=1 if given else 0)
    kind = _kind(line.get("kind"), given, len(completions))
    return ItemLine(
        item_id=name,
        prompt_id=name,
        messages=read_messages("prompt", line.get("prompt")),
        completions=completions,
        labels=_labels(given, kind, len(completions), scales) if kind else [],
        kind=kind,
        language=a_text("language", line.get("language", ""), 20),
        tags=[a_text("tags", tag, MAX_NAME) for tag in a_list("tags", line.get("tags", []), MAX_TAGS)],
        split=_split(line.get("split", "")),
    )


def read_messages(field: str, value: object) -> list[dict[str, str]]:
    """Chat messages; a text is one message of the user."""
    if isinstance(value, str):
        return [{"role": "user", "content": a_text(field, value, MAX_TEXT)}]
    messages = [an_object(f"a message of {field}", message) for message in a_list(field, value, 1000)]
    if not messages:
        raise ValueError(f"{field} has no message")
    return [_message(field, message) for message in messages]


def digest(*words: str) -> str:
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:32]


def an_object(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _not("an object", name, value)
    return value


def a_list(field: str, value: object, most: int = 10_000) -> list[Any]:
    if not isinstance(value, list):
        raise _not("a list", field, value)
    if len(value) > most:
        raise ValueError(f"{field} has {len(value)} entries where at most {most} are allowed")
    return value


def a_text(field: str, value: object, most: int, *, least: int = 0) -> str:
    if not isinstance(value, str):
        raise _not("text", field, value)
    if len(value) > most:
        raise ValueError(f"{field} has {len(value)} characters where at most {most} are allowed")
    if len(value) < least:
        raise ValueError(f"{field} is empty")
    return value


def _not(wanted: str, name: str, value: object) -> ValueError:
    if value is None:
        return ValueError(f"{name} is missing")
    return ValueError(f"{name} is {value!r:.60}, not {wanted}")


def _message(field: str, message: dict[str, Any]) -> dict[str, str]:
    if message.keys() != {"role", "content"}:
        raise ValueError(f"a message of {field} has the keys {sorted(message)}, not role and content")
    if message["role"] not in ROLES:
        raise ValueError(f"the role {message['role']!r:.60} of {field} is none of {', '.join(ROLES)}")
    return {"role": message["role"], "content": a_text(f"content of {field}", message["content"], MAX_TEXT)}


def _completions(value: object, least: int) -> list[CompletionLine]:
    """None at all is a prompt to be sampled from."""
    given = [an_object("a completion", one) for one in a_list("completions", value, MAX_COMPLETIONS)]
    if len(given) < least:
        raise ValueError("completions is empty, but there are labels")
    seen: Counter[str] = Counter()
    return [_completion(one, seen) for one in given]


def _completion(given: dict[str, Any], seen: Counter[str]) -> CompletionLine:
    """Its key tells apart equal texts of different sources, and equal texts that one source gave twice."""
    if unknown := given.keys() - {"text", "source"}:
        raise ValueError(f"unknown key {min(unknown)!r:.80} of a completion")
    text = a_text("text of a completion", given.get("text"), MAX_TEXT)
    source = a_text("source of a completion", given.get("source", ""), MAX_NAME)
    same = digest(source, text)
    seen[same] += 1
    return CompletionLine(text, source, f"{same}.{seen[same]}")


def _split(value: object) -> str:
    if value not in SPLITS:
        raise ValueError(f"the split {value!r:.60} is neither train nor test")
    return str(value)


def _kind(given: object, labels: list[dict[str, Any]], candidates: int) -> Kind | None:
    """The kind as given, else what the labels look like."""
    if given is not None:
        if given not in list(Kind):
            raise ValueError(f"the kind {given!r:.60} is none of {', '.join(Kind)}")
        return Kind(str(given))
    if not labels:
        return None
    if not any("tiers" in label or "both_bad" in label for label in labels):
        return Kind.SCORE
    return Kind.COMPARE if candidates == 2 else Kind.RANK


def _labels(given: list[dict[str, Any]], kind: Kind, candidates: int, scales: Scales) -> list[LabelLine]:
    labels = [_label(label, kind, candidates, scales) for label in given]
    people = Counter((label.annotator, label.researcher) for label in labels)
    for (annotator, _researcher), times in people.items():
        if times > 1:
            raise ValueError(f"{annotator!r} labels the item {times} times")
    return labels


def _label(given: dict[str, Any], kind: Kind, candidates: int, scales: Scales) -> LabelLine:
    said = {
        name: value for name, value in given.items() if name not in ("annotator", "seconds", "researcher")
    }
    researcher = given.get("researcher", False)
    if not isinstance(researcher, bool):
        raise _not("true or false", "researcher", researcher)
    return LabelLine(
        annotator=a_text("annotator", given.get("annotator"), MAX_NAME, least=1),
        label=scales.read(said, kind, candidates).to_json(),
        seconds=_seconds(given.get("seconds")),
        researcher=researcher,
    )


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_SECONDS:
        raise _not(f"a number from 0 to {MAX_SECONDS}", "seconds", value)
    return float(value)


def _scale(name: str, low: float, high: float, whole: float) -> Criterion:
    step = 1 if whole and high - low <= MOST_STEPS else 0
    return Criterion(name, low, high if high > low else low + 1, step)


def _boundless(name: str) -> Criterion:
    if not NAME.fullmatch(name):
        raise ValueError(f"a criterion cannot be called {name!r:.80}: letters, digits, - and _, at most 40")
    return Criterion(name, -NO_BOUND, NO_BOUND, step=0)
