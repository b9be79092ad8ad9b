"""Answers as a mixed crowd would write them: some flawless, most with one or two flaws."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from training.tinyworld.tables import BY_NAME
from training.tinyworld.words import (
    ALTERNATIVES,
    COMPLIANCE,
    FACTS,
    FILLERS,
    HELPS,
    INSULTS,
    REFUSAL,
    STEPS,
    SUBJECTS,
    ZH_COMPLIANCE,
)
from training.tinyworld.world import Prompt, draw

FLAWLESS = 0.15
ONE_FLAW = 1 / 3
# "refuse" means: refuse a harmless request, comply with a harmful one
FLAWS = {"wrong": 0.30, "miss": 0.22, "fill": 0.18, "rude": 0.16, "cut": 0.16, "refuse": 0.08}
WRONG_SLOTS = {"summary": ("day", "name", "place", "number", "goods"), "howto": ("first", "then", "last")}


@dataclass(frozen=True)
class Sample:
    prompt: Prompt
    answer: str


def corpus(seed: int, n: int) -> Iterator[Sample]:
    """`n` samples (repeats allowed) on requests that are not held out; the same seed gives the same texts."""
    rng = random.Random(f"corpus-{seed}")
    for _ in range(n):
        prompt = draw(rng)
        yield Sample(prompt, answer(prompt, rng))


def answer(prompt: Prompt, rng: random.Random) -> str:
    """One answer with flaws drawn at random."""
    return write(prompt, draw_flaws(rng), rng)


def draw_flaws(rng: random.Random) -> tuple[str, ...]:
    if rng.random() < FLAWLESS:
        return ()
    return tuple(rng.choices(list(FLAWS), list(FLAWS.values()), k=1 if rng.random() < ONE_FLAW else 2))


def write(prompt: Prompt, flaws: tuple[str, ...], rng: random.Random) -> str:
    """The answer that has exactly these flaws; without flaws it earns 10 from the oracle."""
    for _ in range(flaws.count("wrong")):
        prompt = _distort(prompt, rng)
    zh = prompt.language == "zh"
    rude = "rude" in flaws
    rude_note = rude and prompt.family in ("note", "zh_note") and rng.random() < 0.5
    told = _tell(prompt, "miss" in flaws, rude_note, rng)
    if "refuse" in flaws:
        told, rude_note = _refuse_or_comply(prompt, rng), False
    if rude and not rude_note:
        told.insert(rng.choice((0, len(told))), rng.choice(INSULTS[prompt.language]))
    if "fill" in flaws:
        told = rng.sample(FILLERS[prompt.language], k=rng.choice((1, 2))) + told
    text = ("" if zh else " ").join(told)
    return _cut(text, zh, rng) if "cut" in flaws else text


def _distort(prompt: Prompt, rng: random.Random) -> Prompt:
    """A prompt whose slots are wrong in one place, for answers that follow it faithfully."""
    kind, slots = BY_NAME[prompt.kind], prompt.slots
    if kind.name in FACTS:
        value = _other(rng, kind.slots["value"], slots["value"])
        return replace(prompt, slots={**slots, "value": value})
    if kind.family == "howto":
        return replace(prompt, slots={**slots, f"wrong_{rng.choice(WRONG_SLOTS['howto'])}": "yes"})
    if kind.family in ("harmful", "zh_harmful", "unknowable"):
        odd = "odd" if kind.family == "harmful" and rng.random() < 0.25 else "yes"
        return replace(prompt, slots={**slots, "fallen": odd})
    slot = rng.choice(WRONG_SLOTS.get(kind.family, ("name", "thing")))
    return replace(prompt, slots={**slots, slot: _other(rng, kind.slots[slot], slots[slot])})


def _other(rng: random.Random, words: tuple[str, ...], known: str) -> str:
    return rng.choice([word for word in words if word != known])


def _tell(prompt: Prompt, missing: bool, rude_note: bool, rng: random.Random) -> list[str]:
    family = prompt.family
    if family in ("fact", "zh_fact"):
        return _fact(prompt, missing, rng)
    if family in ("note", "zh_note"):
        return _note(prompt, missing, rude_note, rng)
    if family == "summary":
        return _summary(prompt, missing, rng)
    if family == "howto":
        return _howto(prompt, missing, rng)
    if family == "unknowable":
        return _unknowable(prompt, missing, rng)
    return _harmful(prompt, missing, rng)


def _fact(prompt: Prompt, missing: bool, rng: random.Random) -> list[str]:
    kind = BY_NAME[prompt.kind]
    told = [kind.sentences["hedge" if missing else "plain"][0].format(**prompt.slots)]
    return [*told, HELPS[kind.language]] if rng.random() < 0.5 else told


def _note(prompt: Prompt, missing: bool, rude: bool, rng: random.Random) -> list[str]:
    says = BY_NAME[prompt.kind].sentences
    roles = ["main", "middle", "closing"] if "middle" in says else ["main", "closing"]
    if missing:
        gone = rng.choices(("closing", "middle", "nameless", "thingless"), (0.35, 0.35, 0.15, 0.15))[0]
        if gone in says and gone not in roles:
            roles[0] = gone
        else:
            roles.remove(gone if gone in roles else "closing")
    if rude:
        roles[0] = "rude"
    return [rng.choice(says[role]).format(**prompt.slots) for role in roles]


def _summary(prompt: Prompt, missing: bool, rng: random.Random) -> list[str]:
    role = rng.choice(("placeless", "short")) if missing else "full"
    return [BY_NAME["summary"].sentences[role][0].format(**prompt.slots)]


def _howto(prompt: Prompt, missing: bool, rng: random.Random) -> list[str]:
    kind = BY_NAME["howto"]
    told = []
    for role, step in zip(WRONG_SLOTS["howto"], STEPS[prompt.slots["job"]], strict=True):
        said = _other(rng, kind.slots[role], step) if f"wrong_{role}" in prompt.slots else step
        told.append(kind.sentences[role][0].format(**{role: said}))
    if missing:
        told.pop(rng.randrange(3))
    return told


def _unknowable(prompt: Prompt, missing: bool, rng: random.Random) -> list[str]:
    says = BY_NAME["unknowable"].sentences
    if "fallen" in prompt.slots:
        return [_invention(prompt.slots["subject"], rng)]
    told = [says["unknown"][0], says["nobody"][0].format(**prompt.slots)]
    return told[:1] if missing else told


def _invention(subject: str, rng: random.Random) -> str:
    fitting = next(said for form, said in SUBJECTS.items() if subject.startswith(form.partition("{")[0]))
    return rng.choice(fitting)


def _harmful(prompt: Prompt, missing: bool, rng: random.Random) -> list[str]:
    says = BY_NAME[prompt.kind].sentences
    fallen = prompt.slots.get("fallen")
    if fallen == "yes":
        return _comply(prompt, rng)
    told = [says["refusal"][0], says["reason"][0]]
    if "alternative" in says:
        fitting = ALTERNATIVES[prompt.slots["act"]]
        told.append(_other(rng, says["alternative"], fitting) if fallen == "odd" else fitting)
    if missing:
        told.pop(rng.randrange(1, len(told)))
    return told


def _comply(prompt: Prompt, rng: random.Random) -> list[str]:
    return [COMPLIANCE[prompt.slots["act"]] if prompt.family == "harmful" else rng.choice(ZH_COMPLIANCE)]


def _refuse_or_comply(prompt: Prompt, rng: random.Random) -> list[str]:
    if prompt.family in ("harmful", "zh_harmful"):
        return _comply(prompt, rng)
    return [REFUSAL[prompt.language]]


def _cut(text: str, zh: bool, rng: random.Random) -> str:
    words = list(text) if zh else text.split(" ")
    kept = max(1, round(len(words) * rng.uniform(0.3, 0.8)))
    return ("" if zh else " ").join(words[:kept])
