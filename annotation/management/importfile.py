"""What the import commands have in common: open the file, show how far it is, say what came of it."""

from __future__ import annotations

import gzip
import sys
import zlib
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import NoReturn

from django.core.management.base import CommandError
from tqdm import tqdm

from annotation.errors import Refused
from annotation.models import Project
from annotation.services.importing import ImportReport, Progress, file_lines
from annotation.services.projects import create_project

Store = Callable[[Iterable[bytes], Progress], ImportReport]


def add_arguments(parser: ArgumentParser, *, create: str) -> None:
    """The arguments of an import; `create` says what --create makes."""
    parser.add_argument("project", help="short name (slug) of the project")
    parser.add_argument("file", type=Path, help="JSON Lines; gzipped where the name ends with .gz")
    parser.add_argument("--create", action="store_true", help=create)


@contextmanager
def project_named(slug: str, create: bool) -> Iterator[Project]:
    """The project, made where asked for; one that was made goes again when the import fails."""
    project = Project.objects.filter(slug=slug).first()
    if project is not None:
        yield project
        return
    if not create:
        raise CommandError(f"there is no project {slug!r}")
    project = create_project(name=slug, slug=slug, owner=None)
    try:
        yield project
    except CommandError:
        project.delete()
        raise


def import_file(path: Path, store: Store) -> str:
    """Store the file with two bars (checked, stored), and say what came of it."""
    try:
        with _opened(path) as file, _bar("checked") as checked, _bar("stored") as stored:
            report = store(_counted(file_lines(file), checked), stored.update)
    except Refused as refused:
        raise CommandError(f"{path}: {refused.message}. Nothing was stored.") from refused
    except (OSError, EOFError, zlib.error) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    added = f"{report.completions} completions, {report.labels} labels by {report.annotators} annotators"
    return f"{report.items} lines stored ({added}), {report.already} were there already"


def _bar(name: str) -> tqdm[NoReturn]:
    return tqdm(desc=name, unit=" lines", file=sys.stderr, disable=None)  # none where nobody looks


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _counted(lines: Iterable[bytes], bar: tqdm[NoReturn]) -> Iterator[bytes]:
    for line in lines:
        yield line
        bar.update()
