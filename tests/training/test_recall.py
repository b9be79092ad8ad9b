from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from annotation.models import Project, QualificationState, User
from annotation.services import screening
from tests.factories import make_user
from tests.training.factories import claimed, fresh, make_checkpoint, write_weights
from tests.training.test_freeze import items_of, labelled_round, lines_of, say
from training.models import Checkpoint, PreferenceSet, Run
from training.savepoints import seal
from training.services.finishing import finish
from training.services.preference_sets import freeze
from training.services.recall import recall
from training.services.runs import create_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def artefacts(settings: Settings, tmp_path: Path) -> None:
    settings.ARTEFACTS = tmp_path


@pytest.fixture
def base(db: None) -> Checkpoint:
    return make_checkpoint("base")


def suspend(project: Project, annotator: User) -> None:
    screening.suspend_annotator(project=project, annotator=annotator, reason="wrong on hidden checks")


def labelled_by(project: Project, *people: User) -> PreferenceSet:
    """A set of a new round in which each of `people` gave one label."""
    round = labelled_round(project, [[f"a{number}", f"b{number}"] for number in range(len(people))])
    for person, item in zip(people, items_of(round), strict=True):
        say(item, person, {"tiers": [[0], [1]]})
    return freeze(project=project, rounds=[round], weighting=False)


def trained(project: Project, frozen: PreferenceSet, start: Checkpoint) -> Checkpoint:
    run: Run = create_run(project=project, kind="dpo", preference_set=frozen, policy=start, reference=start)
    taken = claimed(run)
    seal(write_weights(taken.folder / "model"))
    finish(taken, {}, lambda: None)
    return fresh(run).checkpoint


def test_what_rests_on_suspended_labels_is_stale_with_all_that_came_of_it(
    project: Project, base: Checkpoint
) -> None:
    good, bad = make_user(), make_user()
    clean, tainted = labelled_by(project, good), labelled_by(project, good, bad)
    first = trained(project, tainted, base)
    second = trained(project, clean, first)
    third = trained(project, clean, base)
    suspend(project, bad)
    found = recall(project=project)
    assert found.annotators == frozenset([bad.pk])
    assert found.preference_sets == (tainted,)
    assert found.checkpoints == (first, second)
    stale = Checkpoint.objects.filter(stale=True)
    assert set(stale) == {first, second}
    assert third not in stale


def test_nothing_is_stale_while_nobody_is_suspended(project: Project, base: Checkpoint) -> None:
    trained(project, labelled_by(project, make_user()), base)
    assert recall(project=project).checkpoints == ()
    assert not Checkpoint.objects.filter(stale=True).exists()


def test_weights_are_good_again_when_the_person_is_reinstated(project: Project, base: Checkpoint) -> None:
    person = make_user()
    made = trained(project, labelled_by(project, person), base)
    suspend(project, person)
    recall(project=project)
    standing = person.qualifications.get(state=QualificationState.SUSPENDED)
    screening.reinstate(qualification_id=standing.pk, reason="the checks were wrong")
    recall(project=project)
    made.refresh_from_db()
    assert not made.stale


def test_the_next_set_is_made_without_suspended_people(project: Project) -> None:
    good, bad = make_user(), make_user()
    tainted = labelled_by(project, good, bad)
    suspend(project, bad)
    refit = freeze(project=project, rounds=list(tainted.rounds.all()), weighting=False)
    assert (len(lines_of(tainted)), len(lines_of(refit)), refit.datasheet["of_suspended"]) == (2, 1, 1)
    assert recall(project=project).preference_sets == (tainted,)
