from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from pytest_django import Settings

from annotation.errors import Refused
from tests.training.factories import make_checkpoint, write_weights
from training.models import Checkpoint, CheckpointRole
from training.services import checkpoints, folders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def artefacts(settings: Settings, tmp_path: Path) -> Path:
    settings.ARTEFACTS = tmp_path / "artefacts"
    return tmp_path / "artefacts"


def register(folder: Path | str, tag: str = "given") -> Checkpoint:
    return checkpoints.register(tag=tag, role=CheckpointRole.POLICY, folder=folder)


def test_a_folder_below_the_artefacts_is_registered_with_its_digest(artefacts: Path) -> None:
    write_weights(artefacts / "given")
    made = register("given")
    assert made.path == artefacts / "given"
    folders.verify(made)


def test_registering_the_same_again_is_the_same_row(artefacts: Path) -> None:
    write_weights(artefacts / "given")
    assert register("given") == register("given")


def test_a_tag_names_one_set_of_weights(artefacts: Path) -> None:
    write_weights(artefacts / "one")
    write_weights(artefacts / "two", b"other")
    register("one")
    with pytest.raises(Refused, match="tag_taken"):
        register("two")


@pytest.mark.parametrize("folder", ["../elsewhere", "/etc", ".", "given/../../elsewhere"])
def test_a_folder_outside_is_refused(artefacts: Path, folder: str) -> None:
    write_weights(artefacts.parent / "elsewhere")
    artefacts.mkdir()
    with pytest.raises(Refused, match="outside"):
        register(folder)


@pytest.mark.parametrize("inside", ["model.safetensors", "more"])
def test_a_link_that_leads_out_is_refused(artefacts: Path, inside: str) -> None:
    secret = write_weights(artefacts.parent / "secret")
    place = write_weights(artefacts / "given")
    (place / inside).unlink(missing_ok=True)
    (place / inside).symlink_to(secret / "model.safetensors" if "." in inside else secret)
    with pytest.raises(Refused, match="symlink"):
        register("given")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.pkl", "modeling.py", "run.sh"])
def test_what_could_run_code_is_refused(artefacts: Path, name: str) -> None:
    (write_weights(artefacts / "given") / name).write_bytes(b"")
    with pytest.raises(Refused, match="unsafe_file"):
        register("given")


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("harm-was-done",)


def test_a_pickle_by_another_name_is_refused_and_not_run(artefacts: Path, tmp_path: Path) -> None:
    place = write_weights(artefacts / "given")
    (place / "model.safetensors").write_bytes(pickle.dumps(Harmful()))
    with pytest.raises(Refused, match="unsafe_file"):
        register("given")
    assert not Path("harm-was-done").exists()


def test_a_folder_without_weights_is_refused(artefacts: Path) -> None:
    (artefacts / "given").mkdir(parents=True)
    with pytest.raises(Refused, match="no_weights"):
        register("given")


def test_files_that_differ_from_their_manifest_are_refused(artefacts: Path) -> None:
    made = make_checkpoint()
    (made.path / "config.json").write_text("{}")
    with pytest.raises(Refused, match="damaged"):
        register(made.path, "again")


def test_the_built_in_base_is_whole(settings: Settings) -> None:
    base = checkpoints.register_built_in()
    assert (base.tag, base.path, base.project) == ("base", settings.BUILT_IN_BASE, None)
    assert checkpoints.register_built_in() == base


def test_a_reward_model_cannot_be_promoted() -> None:
    with pytest.raises(Refused, match="wrong_role"):
        checkpoints.promote(checkpoint=make_checkpoint(role=CheckpointRole.REWARD))


def test_a_stale_policy_cannot_be_promoted() -> None:
    with pytest.raises(Refused, match="stale"):
        checkpoints.promote(checkpoint=Checkpoint(role=CheckpointRole.POLICY, stale=True))
