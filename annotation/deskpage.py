"""What the desk shows of a hold, and nothing more: this is where blindness is kept.

No source, purpose, round, author or other person passes through here; answers have letters in shown order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext

from annotation import diff, markup
from annotation.labelform import NOT_APPLICABLE, LabelForm
from annotation.labels import Kind
from annotation.models import Completion, Hold
from annotation.services.rounds import described_criteria

MOST_BUTTONS = 11  # a longer scale is typed


@dataclass(frozen=True)
class Turn:
    """One message of the prompt."""

    who: str
    text: str
    last: bool


@dataclass(frozen=True)
class Flag:
    name: str
    raised: bool


@dataclass(frozen=True)
class Answer:
    """One candidate as it is shown."""

    shown: int
    letter: str
    text: str
    html: SafeString
    flags: Sequence[Flag]
    place: str


@dataclass(frozen=True)
class Step:
    """One number of a scale."""

    value: str
    chosen: bool


@dataclass(frozen=True)
class Cell:
    """One answer under one criterion."""

    name: str
    letter: str
    steps: Sequence[Step]
    value: str
    inapplicable: bool


@dataclass(frozen=True)
class Scale:
    """One criterion with its cells."""

    label: str
    low: str
    high: str
    step: str
    low_words: str
    high_words: str
    typed: bool
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Tier:
    """A row of the ranking; place 0 is the rest."""

    place: int
    answers: Sequence[Answer]


@dataclass(frozen=True)
class Desk:
    """The page of one hold."""

    token: str
    draft_at: str
    kind: Kind
    language: str
    turns: Sequence[Turn]
    answers: Sequence[Answer]
    differs: bool
    scales: Sequence[Scale]
    tiers: Sequence[Tier]
    side: str
    strength: str
    comment: str
    problems: Sequence[str]
    sure: bool

    @property
    def places(self) -> range:
        return range(1, len(self.answers) + 1)


def form_of(hold: Hold, fields: Mapping[str, Sequence[str]]) -> LabelForm:
    criteria = [str(criterion["name"]) for criterion in described_criteria(hold.seat.round)]
    return LabelForm(Kind(hold.seat.kind), len(hold.order), criteria, fields)


def desk_of(hold: Hold, form: LabelForm) -> Desk:
    """Lay out a hold, filled in as `form` says."""
    item = hold.seat.item
    candidates = item.candidates()
    answers, differs = _answers([candidates[own] for own in hold.order], hold.project.flags, form)
    scales = described_criteria(hold.seat.round) if form.kind is Kind.SCORE else []
    return Desk(
        token=str(hold.token),
        draft_at=hold.draft_at.isoformat() if hold.draft_at else "",
        kind=form.kind,
        language=item.prompt.language,
        turns=turns_of(item.prompt.messages),
        answers=answers,
        differs=differs,
        scales=[_scale(criterion, answers, form) for criterion in scales],
        tiers=_tiers(answers, form),
        side=form.one("side"),
        strength=form.one("strength"),
        comment=form.one("comment"),
        problems=[str(message) for message in form.problems.values()],
        sure="equal" in form.problems,
    )


def letter_of(shown: int) -> str:
    """A to Z, then A2 to Z2 and so on."""
    turn, place = divmod(shown, 26)
    return chr(ord("A") + place) + (str(turn + 1) if turn else "")


def turns_of(messages: Sequence[Mapping[str, Any]]) -> list[Turn]:
    names = {
        "user": pgettext("conversation", "Person"),
        "assistant": pgettext("conversation", "Assistant"),
        "system": pgettext("conversation", "Setting"),
    }
    return [
        Turn(
            names.get(str(message["role"]), str(message["role"])),
            str(message["content"]),
            place == len(messages),
        )
        for place, message in enumerate(messages, start=1)
    ]


def _answers(
    completions: Sequence[Completion], flags: Sequence[str], form: LabelForm
) -> tuple[list[Answer], bool]:
    pages = [markup.safe_html(completion.text, breaks=True) for completion in completions]
    marked = diff.marked(*pages) if form.kind is Kind.COMPARE else None
    answers = [
        Answer(
            shown=shown,
            letter=letter_of(shown),
            text=completion.text,
            html=mark_safe(html),  # nh3 has cleaned it; marks are put between its tags
            flags=[Flag(name, name in form.fields.get(f"flags-{shown}", ())) for name in flags],
            place=form.one(f"place-{shown}"),
        )
        for shown, (completion, html) in enumerate(zip(completions, marked or pages, strict=True))
    ]
    return answers, marked is not None


def _scale(criterion: Mapping[str, Any], answers: Sequence[Answer], form: LabelForm) -> Scale:
    low, high, step = (float(criterion[name]) for name in ("low", "high", "step"))
    count = round((high - low) / step) + 1 if step else MOST_BUTTONS + 1
    typed = count > MOST_BUTTONS
    values = [] if typed else [f"{low + step * place:g}" for place in range(count)]
    name = str(criterion["name"])
    return Scale(
        label=_spoken(criterion, "label") or name,
        low=f"{low:g}",
        high=f"{high:g}",
        step=f"{step:g}" if step else "any",
        low_words=_spoken(criterion, "low_words"),
        high_words=_spoken(criterion, "high_words"),
        typed=typed,
        cells=[_cell(name, answer, values, form) for answer in answers],
    )


def _cell(criterion: str, answer: Answer, values: Sequence[str], form: LabelForm) -> Cell:
    given = form.rating(criterion, answer.shown)
    return Cell(
        name=f"rating-{criterion}-{answer.shown}",
        letter=answer.letter,
        steps=[Step(value, value == given) for value in values],
        value="" if given == NOT_APPLICABLE else given,
        inapplicable=given == NOT_APPLICABLE,
    )


def _tiers(answers: Sequence[Answer], form: LabelForm) -> list[Tier]:
    """Rows of the ranking; the rest stands last and is always there."""
    if form.kind is not Kind.RANK:
        return []
    placed, rest = form.tiers()
    rows = [Tier(place, [answers[shown] for shown in tier]) for place, tier in enumerate(placed, start=1)]
    return [*rows, Tier(0, [answers[shown] for shown in rest])]


def _spoken(criterion: Mapping[str, Any], name: str) -> str:
    """A criterion's words in the reader's language, else in the other one."""
    english, chinese = str(criterion.get(f"{name}_en", "")), str(criterion.get(f"{name}_zh", ""))
    if (get_language() or "en").startswith("zh"):
        return chinese or english
    return english or chinese
