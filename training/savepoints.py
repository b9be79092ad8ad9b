"""Savepoints: what a run needs to go on from a step, whole or not there at all.

A savepoint is a folder with a manifest of SHA-256 digests. It is filled beside its place, synced,
and renamed, so a kill during saving leaves the one before it; a flipped bit is found before loading.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Savepoint:
    step: int
    folder: Path
    manifest_sha256: str


class Savepoints:
    """The savepoints of one run, newest last; `keep` of them stay on the disk."""

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self.folder = folder
        self.keep = keep

    def write(self, step: int, fill: Callable[[Path], None]) -> Savepoint:
        """Let `fill` write its files into a fresh folder and publish it as the savepoint of `step`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self.folder / f"step-{step:08d}"
        partial = self.folder / f".partial-{step:08d}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        fill(partial)
        digest = seal(partial, step)
        shutil.rmtree(place, ignore_errors=True)
        partial.rename(place)
        _sync_folder(self.folder)
        self._drop_old()
        return Savepoint(step, place, digest)

    def latest(self) -> Savepoint | None:
        """The newest savepoint whose every file matches its manifest; damaged ones are passed over."""
        for place in reversed(self._places()):
            digest = check(place)
            if digest is not None:
                return Savepoint(int(place.name.removeprefix("step-")), place, digest)
        return None

    def damaged(self) -> list[Path]:
        """Savepoints on the disk that do not match their manifest."""
        return [place for place in self._places() if check(place) is None]

    def _places(self) -> list[Path]:
        return sorted(self.folder.glob("step-*")) if self.folder.exists() else []

    def _drop_old(self) -> None:
        for place in self._places()[: -self.keep]:
            shutil.rmtree(place, ignore_errors=True)


def seal(folder: Path, step: int | None = None) -> str:
    """Sync every file of `folder`, write its manifest, and return the manifest's own digest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    for path in files:
        _sync_file(path)
    manifest = {"step": step, "files": {str(path.relative_to(folder)): sha256(path) for path in files}}
    text = json.dumps(manifest, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text)
    _sync_file(folder / MANIFEST)
    return hashlib.sha256(text.encode()).hexdigest()


def check(folder: Path) -> str | None:
    """The digest of the manifest when every file is there and unchanged, else None."""
    try:
        text = (folder / MANIFEST).read_text()
        files = json.loads(text)["files"]
        if all(sha256(folder / name) == digest for name, digest in files.items()):
            return hashlib.sha256(text.encode()).hexdigest()
    except (OSError, ValueError, KeyError):
        return None
    return None


def sha256(path: Path) -> str:
    """The hexadecimal SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(path: Path) -> None:
    _sync_file(path)
