"""`manage.py register`."""

from __future__ import annotations

import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from training.models import Checkpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def weights(tmp_path: Path, settings: Settings) -> Path:
    settings.ARTEFACTS = tmp_path
    return Path(shutil.copytree(settings.BUILT_IN_BASE, tmp_path / "mine"))


def test_it_makes_a_folder_known_under_its_tag(weights: Path) -> None:
    said = StringIO()
    call_command("register", "mine", weights, stdout=said)
    assert said.getvalue().startswith("mine: ")
    assert Checkpoint.objects.get().path == weights


def test_it_refuses_a_folder_outside_the_artefacts(
    weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = shutil.copytree(weights, tmp_path_factory.mktemp("else") / "mine")
    with pytest.raises(CommandError):
        call_command("register", "mine", outside)
    assert not Checkpoint.objects.exists()


def test_it_refuses_pickles(weights: Path) -> None:
    (weights / "model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(CommandError):
        call_command("register", "mine", weights)


def test_it_names_a_project_that_is_not_there(weights: Path) -> None:
    with pytest.raises(CommandError, match="there is no project 'nowhere'"):
        call_command("register", "mine", weights, project="nowhere")
