"""What a person has judged so far, as they saw it: their own answers, letters, texts. Nobody else's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from annotation.deskpage import Turn, letter_of, turns_of
from annotation.models import Annotation, Project, User
from annotation.today import said

KINDS = {"score": "overview", "compare": "desk", "rank": "list"}  # icons


@dataclass(frozen=True)
class PastAnswer:
    """One standing answer of the person."""

    at: datetime
    icon: str
    kind: str
    language: str
    turns: Sequence[Turn]
    texts: Sequence[tuple[str, str]]
    said: str
    comment: str
    flags: Sequence[tuple[str, str]]
    seconds: float | None

    @property
    def asked(self) -> str:
        return self.turns[-1].text if self.turns else ""


def past_answers(project: Project, annotator: User) -> QuerySet[Annotation]:
    """Newest first; what was replaced is left out."""
    answers = Annotation.objects.standing().filter(project=project, annotator=annotator)
    return answers.select_related("item__prompt", "hold", "round__project").order_by("-pk")


def past_answer(annotation: Annotation) -> PastAnswer:
    """The row as the person saw it, in the order in which they saw the answers."""
    candidates = annotation.item.candidates()
    order = annotation.hold.order if annotation.hold else range(len(candidates))
    flags = annotation.label.get("flags") or [[] for _ in candidates]
    return PastAnswer(
        at=annotation.created_at,
        icon=KINDS[annotation.kind],
        kind=annotation.get_kind_display(),
        language=annotation.item.prompt.language,
        turns=turns_of(annotation.item.prompt.messages),
        texts=[(letter_of(shown), candidates[own].text) for shown, own in enumerate(order)],
        said=said(annotation),
        comment=str(annotation.label.get("comment", "")),
        flags=[(letter_of(shown), flag) for shown, own in enumerate(order) for flag in flags[own]],
        seconds=annotation.seconds,
    )
