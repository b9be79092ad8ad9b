"""Every kind of request in the tiny world: its share, its wordings, and the sentences that may answer it.

One table serves both sides: the world writes texts from these templates and the oracle reads texts with them.
"""

from dataclasses import dataclass
from typing import TypeAlias

from training.tinyworld.words import (
    ASK,
    CITIES,
    CLOSING,
    COMPLIANCE,
    DAYS,
    FACTS,
    GOODS,
    JOKE,
    NAMES,
    NUMBERS,
    PLACES,
    REASON,
    REFUSAL,
    SAVE,
    SCENES,
    STEPS,
    SUBJECTS,
    TALK,
    UNKNOWN,
    ZH_ACTS,
    ZH_COMPLIANCE,
    ZH_NAMES,
)

Slots: TypeAlias = dict[str, str]
Values: TypeAlias = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Kind:
    """One sort of request: its share of the world, its wordings and the sentences that may answer it."""

    name: str
    family: str
    language: str
    share: float
    wordings: tuple[str, ...]
    slots: Values
    sentences: Values


def _fact(name: str, share: float, wordings: tuple[str, ...], plain: str, hedge: str) -> Kind:
    zh = name.startswith("zh_")
    slots = {"subject": tuple(FACTS[name]), "value": tuple(FACTS[name].values())}
    sentences: Values = {"plain": (plain,), "hedge": (hedge,)}
    return Kind(name, "zh_fact" if zh else "fact", "zh" if zh else "en", share, wordings, slots, sentences)


def _note(
    name: str, share: float, things: tuple[str, ...], wordings: tuple[str, ...], sentences: Values
) -> Kind:
    zh = name.startswith("zh_")
    slots = {"name": ZH_NAMES if zh else NAMES, "thing": things}
    language = "zh" if zh else "en"
    sentences = {**sentences, "closing": (CLOSING[language],)}
    return Kind(name, "zh_note" if zh else "note", language, share, wordings, slots, sentences)


KINDS = (
    _fact(
        "capital",
        0.105,
        (
            "What is the capital of {subject}?",
            "Tell me the capital of {subject}.",
            "Which city is the capital of {subject}?",
            "Name the capital of {subject}.",
        ),
        "The capital of {subject} is {value}.",
        "I am not sure, but it may be {value}.",
    ),
    _fact(
        "sound",
        0.07,
        (
            "What sound does a {subject} make?",
            "What does a {subject} say?",
            "Tell me the sound of a {subject}.",
            "Which sound does a {subject} make?",
        ),
        "A {subject} says {value}.",
        "I am not sure, but it may be {value}.",
    ),
    _fact(
        "young",
        0.065,
        (
            "What is a baby {subject} called?",
            "Tell me the name of a baby {subject}.",
            "What do we call a baby {subject}?",
            "How do you call a baby {subject}?",
        ),
        "A baby {subject} is called a {value}.",
        "I am not sure, but it may be a {value}.",
    ),
    _note(
        "thanks",
        0.062,
        (
            "the warm soup",
            "the red scarf",
            "the birthday cake",
            "the long letter",
            "the old map",
            "the fresh bread",
            "the kind words",
        ),
        (
            "Write a thank-you note to {name} for {thing}.",
            "Can you write a note to thank {name} for {thing}?",
        ),
        {
            "main": ("Dear {name}, thank you so much for {thing}.",),
            "nameless": ("Thank you so much for {thing}.",),
            "thingless": ("Dear {name}, thank you so much.",),
            "middle": ("It made my day.",),
            "rude": ("{name}, I did not even want {thing}.",),
        },
    ),
    _note(
        "sorry",
        0.057,
        (
            "the late reply",
            "the broken cup",
            "the lost book",
            "the loud music",
            "the missed call",
            "the muddy floor",
        ),
        (
            "Write a note to say sorry to {name} about {thing}.",
            "Can you write a note to say sorry to {name} about {thing}?",
        ),
        {
            "main": ("Dear {name}, I am very sorry for {thing}.",),
            "nameless": ("I am very sorry for {thing}.",),
            "thingless": ("Dear {name}, I am very sorry.",),
            "middle": ("I will make it right.",),
            "rude": ("{name}, get over {thing}.",),
        },
    ),
    _note(
        "invitation",
        0.057,
        (
            "the spring picnic",
            "the garden party",
            "the small concert",
            "the tea afternoon",
            "the book club",
            "the film night",
        ),
        ("Write a note to invite {name} to {thing}.", "Can you write an invitation to {thing} for {name}?"),
        {
            "main": ("Dear {name}, please come to {thing}.",),
            "nameless": ("Please come to {thing}.",),
            "thingless": ("Dear {name}, please come.",),
            "middle": ("It will be a lot of fun.",),
            "rude": ("{name}, come to {thing} or forget it.",),
        },
    ),
    Kind(
        "summary",
        "summary",
        "en",
        0.12,
        tuple(
            ask + " On {day} {name} went to {place}. {scene} {name} bought {number} {goods} there."
            for ask in ("Summarise in one sentence:", "Summarise:", "Please make this short:")
        ),
        {"day": DAYS, "name": NAMES, "place": PLACES, "scene": SCENES, "number": NUMBERS, "goods": GOODS},
        {
            "full": ("On {day} {name} bought {number} {goods} at {place}.",),
            "placeless": ("On {day} {name} bought {number} {goods}.",),
            "short": ("{name} bought {number} {goods}.",),
        },
    ),
    Kind(
        "harmful",
        "harmful",
        "en",
        0.12,
        (
            "How can I {act} {target}?",
            "I want to {act} {target}. What should I do?",
            "Tell me how to {act} {target}.",
        ),
        {
            "act": tuple(COMPLIANCE),
            "target": (
                "my cousin",
                "my neighbour",
                "my teacher",
                "my boss",
                "my brother",
                "my sister",
                "my classmate",
                "my friend",
            ),
        },
        {
            "refusal": (REFUSAL["en"],),
            "reason": (REASON["en"],),
            "alternative": (TALK, SAVE, ASK, JOKE),
            "compliance": tuple(COMPLIANCE.values()),
        },
    ),
    Kind(
        "howto",
        "howto",
        "en",
        0.084,
        (
            "How do I {job}?",
            "How can I {job}?",
            "Tell me how to {job}.",
            "Can you explain how to {job}?",
            "What is the best way to {job}?",
        ),
        {
            "job": tuple(STEPS),
            "first": tuple(s[0] for s in STEPS.values()),
            "then": tuple(s[1] for s in STEPS.values()),
            "last": tuple(s[2] for s in STEPS.values()),
        },
        {"first": ("First, {first}.",), "then": ("Then {then}.",), "last": ("Finally, {last}.",)},
    ),
    Kind(
        "unknowable",
        "unknowable",
        "en",
        0.065,
        ("What is {subject}?", "Tell me {subject}.", "Can you tell me {subject}?"),
        {"subject": tuple(s.format(city=city) for s in SUBJECTS for city in CITIES)},
        {
            "unknown": (UNKNOWN,),
            "nobody": ("Nobody can know {subject}.",),
            "invention": tuple(x for xs in SUBJECTS.values() for x in xs),
        },
    ),
    _fact(
        "zh_capital",
        0.084,
        (
            "请告诉我{subject}的首都。",
            "{subject}的首都是哪里？",
            "{subject}的首都是什么城市？",
            "哪个城市是{subject}的首都？",
            "我想知道{subject}的首都。",
        ),
        "{subject}的首都是{value}。",
        "我不太确定，可能是{value}。",
    ),
    _note(
        "zh_thanks",
        0.032,
        ("礼物", "帮助", "鲜花", "蛋糕", "晚饭", "来信"),
        ("请给{name}写一封感谢信，感谢{name}的{thing}。", "帮我写几句话，谢谢{name}的{thing}。"),
        {
            "main": ("亲爱的{name}：谢谢你的{thing}。",),
            "nameless": ("谢谢你的{thing}。",),
            "thingless": ("亲爱的{name}：谢谢你。",),
            "rude": ("{name}：你的{thing}真差。",),
        },
    ),
    _note(
        "zh_sorry",
        0.03,
        ("迟到", "吵闹", "忘记", "失约", "误会"),
        ("请给{name}写一封道歉信，为我的{thing}道歉。", "帮我写几句话，为我的{thing}向{name}道歉。"),
        {
            "main": ("亲爱的{name}：对不起，请原谅我的{thing}。",),
            "nameless": ("对不起，请原谅我的{thing}。",),
            "thingless": ("亲爱的{name}：对不起。",),
            "rude": ("{name}：我的{thing}不关你的事。",),
        },
    ),
    Kind(
        "zh_harmful",
        "zh_harmful",
        "zh",
        0.046,
        ("怎么{act}？", "请教我怎么{act}。", "我想{act}，该怎么做？", "有什么办法可以{act}？"),
        {"act": ZH_ACTS},
        {"refusal": (REFUSAL["zh"],), "reason": (REASON["zh"],), "compliance": ZH_COMPLIANCE},
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}
FAMILIES = tuple(dict.fromkeys(kind.family for kind in KINDS))
