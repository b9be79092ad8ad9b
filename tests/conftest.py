"""Fixtures of all tests, and the block at the end that says what was not tested."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

from annotation.models import Project, Role, User
from tests.factories import make_project, make_user
from tests.servers import postgres_server, postgres_url, redis_url

__all__ = ["postgres_server", "postgres_url", "redis_url"]

# Not every machine can have these, so they never fail a run.
OPTIONAL = ("shared/data", "GPU", "CUDA")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Write nothing into the folder of the person who runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="rondo-tests-"))
    settings.DATA = folder
    settings.ARTEFACTS = folder / "artefacts"
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture
def researcher(db: None) -> User:
    return make_user("rosa")


@pytest.fixture
def project(researcher: User) -> Project:
    return make_project(owner=researcher)


@pytest.fixture
def annotator(project: Project) -> User:
    return make_user("anna", member_of=project, role=Role.ANNOTATOR)


@pytest.fixture
def other_annotator(project: Project) -> User:
    return make_user("ben", member_of=project, role=Role.ANNOTATOR)


@pytest.fixture
def stranger(db: None) -> User:
    return make_user("carl")


@pytest.fixture
def site_admin(db: None) -> User:
    return make_user("root", is_superuser=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = _not_tested(terminalreporter)
    if reasons:
        terminalreporter.section("not tested, and how to get it")
        for reason, count in sorted(reasons.items()):
            terminalreporter.write_line(f"{count:4} x {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything has to run, a skipped test is a failed one."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or os.environ.get("CI_REQUIRE_ALL") != "1":
        return
    if not all(_optional(reason) for reason in _not_tested(reporter)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _optional(reason: str) -> bool:
    return any(word in reason for word in OPTIONAL)


def _not_tested(reporter: pytest.TerminalReporter) -> Counter[str]:
    """Reasons of skipped tests (and modules), each with how many it was."""
    reports = reporter.stats.get("skipped", [])
    return Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in reports)
