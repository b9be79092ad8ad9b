"""Requests of the tiny world: drawn from a seed, and read back from their text alone."""

import hashlib
import random
import re
from dataclasses import dataclass, field
from functools import lru_cache

from training.tinyworld.tables import BY_NAME, KINDS, Kind, Slots
from training.tinyworld.words import FACTS, OPENERS

HELD_OUT_PERCENT = 15


@dataclass(frozen=True)
class Prompt:
    """One request; `kind` is the finer sort within the family (a capital and a sound are both facts)."""

    text: str
    kind: str
    slots: Slots = field(hash=False)

    @property
    def family(self) -> str:
        return BY_NAME[self.kind].family

    @property
    def language(self) -> str:
        return BY_NAME[self.kind].language


def is_held_out(text: str) -> bool:
    """Whether this wording is kept away from pretraining, labelling and training (15 of 100, by MD5)."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), 16) % 100 < HELD_OUT_PERCENT


def draw(rng: random.Random, *, held_out: bool = False) -> Prompt:
    """One request of the wanted side; kinds come by their share."""
    while True:
        kind = rng.choices(KINDS, [k.share for k in KINDS])[0]
        prompt = _fill(kind, rng)
        if is_held_out(prompt.text) == held_out:
            return prompt


def prompts(seed: int, n: int, held_out: bool = False) -> list[Prompt]:
    """`n` distinct requests; the same seed gives the same list. Small families may run out before others."""
    rng = random.Random(f"prompts-{seed}-{held_out}")
    found: dict[str, Prompt] = {}
    while len(found) < n:
        prompt = draw(rng, held_out=held_out)
        found.setdefault(prompt.text, prompt)
    return list(found.values())


@lru_cache(maxsize=4096)
def parse(text: str) -> Prompt:
    """Read a request back into kind and slots. Raises ValueError for a text that is not of this world."""
    for kind in KINDS:
        for opener in OPENERS[kind.language]:
            if not text.startswith(opener):
                continue
            for wording in kind.wordings:
                if match := pattern(kind.name, wording).fullmatch(text, len(opener)):
                    return Prompt(text, kind.name, complete(kind, match.groupdict()))
    raise ValueError(f"not a prompt of the tiny world: {text!r}")


@lru_cache(maxsize=1024)
def pattern(kind: str, template: str) -> re.Pattern[str]:
    """The template as a regular expression over the words the kind knows; a slot named twice must agree."""
    seen: set[str] = set()
    parts = re.split(r"\{(\w+)\}", template)
    for i in range(1, len(parts), 2):
        slot = parts[i]
        words = sorted(BY_NAME[kind].slots[slot], key=len, reverse=True)
        parts[i] = f"(?P={slot})" if slot in seen else f"(?P<{slot}>{'|'.join(map(re.escape, words))})"
        seen.add(slot)
    return re.compile("".join(p if i % 2 else re.escape(p) for i, p in enumerate(parts)))


def complete(kind: Kind, slots: Slots) -> Slots:
    """Add what follows from the request: the true value of a fact."""
    if kind.name in FACTS:
        return {"subject": slots["subject"], "value": FACTS[kind.name][slots["subject"]]}
    return slots


def _fill(kind: Kind, rng: random.Random) -> Prompt:
    opener = rng.choice(OPENERS[kind.language])
    wording = rng.choice(kind.wordings)
    asked = dict.fromkeys(re.findall(r"\{(\w+)\}", wording))
    slots = complete(kind, {name: rng.choice(kind.slots[name]) for name in asked})
    return Prompt(opener + wording.format(**slots), kind.name, slots)
