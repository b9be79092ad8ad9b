"""Fixtures of the training tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.training.workplace import Workplace


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a migrated SQLite database, to be copied."""
    root = tmp_path_factory.mktemp("migrated")
    Workplace(root).migrate()
    return root


@pytest.fixture
def workplace(migrated: Path, tmp_path: Path) -> Iterator[Workplace]:
    place = Workplace(Path(shutil.copytree(migrated, tmp_path / "data")))
    yield place
    place.close()
