"""`manage.py demo`: the whole loop on the built-in tiny world, served while it runs."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from training.demo.plan import Mode, Plan
from training.rundir import write_json

HOST = "127.0.0.1"
KEPT = ("secret_key", "static")  # made when the settings were read
MODES = {"": Mode.SCREENED, "1": Mode.UNSCREENED, "weighted": Mode.WEIGHTED}


class Command(BaseCommand):
    help = "Two turns of the loop on the tiny world, with simulated annotators."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--rounds", type=int, default=2)
        parser.add_argument("--serve", choices=("0", "1"), default="1", help="0: run headless and end")
        parser.add_argument("--unscreened", choices=list(MODES), default="", help="let everybody label")
        parser.add_argument("--port", type=int, default=8000)

    def handle(
        self, *args: Any, seed: int, rounds: int, serve: str, unscreened: str, port: int, **options: Any
    ) -> None:
        if rounds < 1:
            raise CommandError(f"{rounds} rounds are none")
        plan = Plan(seed=seed, rounds=rounds, mode=MODES[unscreened])
        folder = _fresh_folder()
        settings.CHANCE_KEY = f"demo {plan.seed}"
        call_command("migrate", verbosity=0)
        from training import embedded
        from training.demo.driver import Demo

        demo = Demo(plan, on_round=lambda row: self._tell(row, demo, folder))
        write_json(folder / "summary.json", demo.summary())
        passwords = demo.prepare()
        engine = embedded.start()
        try:
            if serve == "1":
                self._serve(demo, folder, passwords, port)
            else:
                self._loop(demo, folder)
        finally:
            engine.stop()

    def _tell(self, row: dict[str, Any], demo: Any, folder: Path) -> None:
        """Print a round that has ended, and let the overview page draw it."""
        from training.demo.table import round_table

        self.stdout.write(round_table(row))
        write_json(folder / "summary.json", demo.summary())

    def _serve(self, demo: Any, folder: Path, passwords: dict[str, str], wanted: int) -> None:
        """Serve in this thread, the loop in another; a loop that fails says so and leaves the pages up."""
        from training import webserver

        port = webserver.free_port(HOST, wanted)
        self.stdout.write(f"\n  Rondo is at http://{HOST}:{port}/   sign in as\n")
        for name, password in passwords.items():
            self.stdout.write(f"    {name:11} {password}")
        self.stdout.write("\n  The loop runs meanwhile. Ctrl+C ends everything.\n")
        threading.Thread(target=self._loop, args=(demo, folder), daemon=True, name="demo").start()
        webserver.serve(HOST, port)

    def _loop(self, demo: Any, folder: Path) -> None:
        write_json(folder / "summary.json", demo.run())
        self.stdout.write(f"summary: {folder / 'summary.json'}")


def _fresh_folder() -> Path:
    """An empty data folder. Only a folder named demo is ever emptied."""
    folder = Path(settings.DATA)
    if folder.name != "demo" or settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        raise CommandError(
            f"the demo empties its data folder, so set RONDO_DATA to one named demo, not {folder}"
        )
    for entry in folder.iterdir() if folder.exists() else []:
        if entry.name not in KEPT:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    return folder
