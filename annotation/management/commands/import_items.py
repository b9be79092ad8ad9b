"""Import items (docs/formats.md) from a file into a project."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.management.importfile import add_arguments, find_project, import_file
from annotation.models import Project
from annotation.services.importing import ImportReport, Progress, import_items
from annotation.services.projects import create_project


class Command(BaseCommand):
    help = "Import items: prompts with completions and, where there are, labels. All or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)
        parser.add_argument(
            "--create",
            action="store_true",
            help="make the project where there is none, and criteria with the ranges that the file shows",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        slug, create = options["project"], options["create"]
        made = create and not Project.objects.filter(slug=slug).exists()
        project = create_project(name=slug, slug=slug, owner=None) if made else find_project(slug)

        def store(lines: Iterable[bytes], progress: Progress) -> ImportReport:
            return import_items(project=project, lines=lines, infer_criteria=create, progress=progress)

        try:
            self.stdout.write(import_file(options["file"], store))
        except CommandError:
            if made:
                project.delete()
            raise
