"""Figures are kept while nothing new was said."""

from __future__ import annotations

from dataclasses import replace

from annotation.models import Project, Role, User
from annotation.services import rounds
from annotation.views import figures
from tests.annotation.deskhands import answer, take
from tests.factories import make_project, make_round, make_user


class Counter:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, project: Project) -> int:
        self.asked += 1
        return self.asked


def test_a_figure_is_made_once_while_nothing_changes(project: Project) -> None:
    count = Counter()
    assert [figures.keep(project, "test", count) for _ in range(3)] == [1, 1, 1]


def test_a_new_answer_makes_it_anew(project: Project, annotator: User) -> None:
    make_round(project, 2)
    count = Counter()
    figures.keep(project, "test", count)
    answer(take(project, annotator))
    assert figures.keep(project, "test", count) == 2


def test_a_round_that_moves_makes_it_anew(project: Project) -> None:
    round = make_round(project)
    count = Counter()
    figures.keep(project, "test", count)
    rounds.close_round(round_id=round.pk)
    assert figures.keep(project, "test", count) == 2


def test_somebody_new_makes_it_anew(project: Project) -> None:
    count = Counter()
    figures.keep(project, "test", count)
    make_user(member_of=project, role=Role.ANNOTATOR)
    assert figures.keep(project, "test", count) == 2


def test_a_costly_figure_is_used_a_while_longer(project: Project) -> None:
    count = Counter()
    figures.keep(project, "test", count)
    key = (project.pk, "test")
    figures._kept[key] = replace(figures._kept[key], cost=3.0)
    make_round(project)
    assert figures.keep(project, "test", count) == 1
    figures._kept[key] = replace(figures._kept[key], at=figures._kept[key].at - 61)
    assert figures.keep(project, "test", count) == 2


def test_projects_do_not_share_figures(project: Project, researcher: User) -> None:
    count = Counter()
    assert figures.keep(project, "test", count) != figures.keep(make_project(owner=researcher), "test", count)
