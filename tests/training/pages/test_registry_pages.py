"""Models: what there is, registering and promoting."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Project, User
from tests.factories import make_project
from tests.training.factories import make_checkpoint, write_weights
from training.models import Checkpoint, CheckpointRole


def url(project: Project, name: str = "models", *more: object) -> str:
    return reverse(name, args=[project.slug, *more])


def register(page: Client, project: Project, **fields: str) -> object:
    values = {"tag": "small", "role": "policy", "folder": "incoming/small", **fields}
    return page.post(url(project, "model-register"), values)


def test_the_registry_shows_own_models_and_those_of_every_project(
    page: Client, project: Project, stranger: User
) -> None:
    make_checkpoint("ours", project=project)
    make_checkpoint("shared")
    make_checkpoint("theirs", project=make_project(owner=stranger))
    text = page.get(url(project)).content.decode()
    assert "ours" in text
    assert "shared" in text
    assert "theirs" not in text


def test_weights_on_the_server_are_registered(page: Client, project: Project, artefacts: Path) -> None:
    write_weights(artefacts / "incoming" / "small")
    register(page, project)
    made = Checkpoint.objects.get(tag="small")
    assert made.project == project
    assert len(made.sha256) == 64


def test_a_folder_that_is_not_there_is_refused_at_its_field(page: Client, project: Project) -> None:
    answer = page.post(url(project, "model-register"), {"tag": "x", "role": "policy", "folder": "nowhere"})
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()


@pytest.mark.parametrize("folder", ["../outside", "/etc", "."])
def test_a_folder_outside_the_artefacts_is_refused(page: Client, project: Project, folder: str) -> None:
    answer = page.post(url(project, "model-register"), {"tag": "x", "role": "policy", "folder": folder})
    assert answer.status_code == 422
    assert not Checkpoint.objects.exists()


def test_only_a_site_admin_registers_for_every_project(
    page: Client, project: Project, site_admin: User, artefacts: Path
) -> None:
    write_weights(artefacts / "incoming" / "small")
    register(page, project, everywhere="on")
    assert not Checkpoint.objects.exists()
    page.force_login(site_admin)
    register(page, project, everywhere="on")
    assert Checkpoint.objects.get().project is None


def test_a_policy_is_promoted(page: Client, project: Project) -> None:
    policy = make_checkpoint("ours", project=project)
    page.post(url(project, "checkpoint-promote", policy.pk))
    policy.refresh_from_db()
    assert policy.promoted_at is not None


def test_a_stale_policy_is_not_promoted(page: Client, project: Project) -> None:
    policy = make_checkpoint("ours", project=project)
    Checkpoint.objects.update(stale=True)
    answer = page.post(url(project, "checkpoint-promote", policy.pk), follow=True)
    assert "recalled" in answer.content.decode()
    policy.refresh_from_db()
    assert policy.promoted_at is None


def test_a_reward_model_is_not_promoted(page: Client, project: Project) -> None:
    reward = make_checkpoint("judge", role=CheckpointRole.REWARD, project=project)
    answer = page.post(url(project, "checkpoint-promote", reward.pk), follow=True)
    assert "Only a policy" in answer.content.decode()


def test_an_admin_of_a_project_does_not_promote_what_belongs_to_all(page: Client, project: Project) -> None:
    shared = make_checkpoint("shared")
    assert page.post(url(project, "checkpoint-promote", shared.pk)).status_code == 404


def test_a_researcher_looks_and_does_not_promote(client: Client, project: Project, helper: User) -> None:
    policy = make_checkpoint("ours", project=project)
    client.force_login(helper)
    assert "Promote" not in client.get(url(project)).content.decode()
    assert client.post(url(project, "checkpoint-promote", policy.pk)).status_code == 404
    assert client.get(url(project, "model-register")).status_code == 404


def test_the_registry_can_be_had_as_json(page: Client, project: Project) -> None:
    make_checkpoint("ours", project=project)
    rows = page.get(url(project) + "?format=json").json()["rows"]
    assert [(row["tag"], row["role"]) for row in rows] == [("ours", "policy")]
