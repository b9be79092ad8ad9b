"""What leads people's judgements besides the texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from annotation.labels import Tiers, tiers_of_ratings
from annotation.models import Annotation, Item, ItemCompletion, Project, Round, RoundPurpose
from annotation.selectors.votes import criteria_of_rounds, reported_rounds, researcher_votes, tiers_in, votes
from annotation.stats.bias import Leaning, length_leaning, markup_leaning, position_leaning
from annotation.stats.judgements import Row


@dataclass(frozen=True)
class Leanings:
    """How often the earlier shown, the longer and the more marked-up text wins. By length and markup the
    researchers lean too, and rightly so perhaps: theirs stand beside."""

    position: Leaning
    length: Leaning
    markup: Leaning
    researchers_length: Leaning
    researchers_markup: Leaning


def leanings(project: Project, rounds: Iterable[Round] | None = None) -> Leanings:
    chosen = list(reported_rounds(project) if rounds is None else rounds)
    calibration = project.rounds.filter(purpose=RoundPurpose.CALIBRATION).select_related("project")
    said = _texts(votes(chosen), chosen)
    researchers = _texts(researcher_votes(project), list(calibration))
    shown = Annotation.objects.counted().filter(round__in=[round.pk for round in chosen], hold__isnull=False)
    return Leanings(
        position=position_leaning(
            (annotator, tiers, order)
            for annotator, label, order in shown.values_list("annotator", "label", "hold__order")
            if (tiers := tiers_in(label)) is not None and order is not None
        ),
        length=length_leaning(said),
        markup=markup_leaning(said),
        researchers_length=length_leaning(researchers),
        researchers_markup=markup_leaning(researchers),
    )


def _texts(rows: Iterable[Row], rounds: Sequence[Round]) -> list[tuple[int, Tiers, list[str]]]:
    """Who said which tiers of which texts."""
    criteria = criteria_of_rounds(rounds)
    texts: dict[object, list[str]] = defaultdict(list)
    items = Item.objects.filter(round__in=[round.pk for round in rounds])
    places = ItemCompletion.objects.filter(item__in=items).order_by("item", "position")
    for item, text in places.values_list("item", "completion__text"):
        texts[item].append(text)
    told = []
    for row in rows:
        ratings = {name: tuple(values) for name, values in row.ratings.items()}
        tiers = row.tiers if row.tiers is not None else tiers_of_ratings(ratings, criteria)
        if tiers is not None:
            told.append((int(str(row.annotator)), tiers, texts[row.item]))
    return told
