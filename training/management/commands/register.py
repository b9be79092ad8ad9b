"""`manage.py register`: make weights in the artefact folder known under a tag."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.errors import Refused
from annotation.models import Project
from training.models import CheckpointRole
from training.services.checkpoints import register


class Command(BaseCommand):
    help = "Register a folder of safetensors weights below the artefacts as a checkpoint."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tag")
        parser.add_argument("folder", type=Path)
        parser.add_argument("--role", choices=CheckpointRole.values, default=CheckpointRole.POLICY.value)
        parser.add_argument("--project", help="Slug of the one project that may use it; all else")

    def handle(
        self, *args: Any, tag: str, folder: Path, role: str, project: str | None, **options: Any
    ) -> None:
        found = Project.objects.filter(slug=project).first()
        if project is not None and found is None:
            raise CommandError(f"there is no project {project!r}")
        try:
            checkpoint = register(tag=tag, role=role, folder=folder.resolve(), project=found)
        except Refused as refused:
            raise CommandError(str(refused.message)) from refused
        self.stdout.write(f"{checkpoint.tag}: {checkpoint.sha256}")
