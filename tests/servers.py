"""Throw-away PostgreSQL and Redis servers for tests: from the environment, else from what is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis

NO_POSTGRES = "no PostgreSQL: install it (apt-get install postgresql) or set TEST_DATABASE_URL"
NO_REDIS = "no Redis: install it (apt-get install redis-server) or set TEST_REDIS_URL"
PATIENCE = 30.0  # seconds until a server that does not answer counts as broken


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server on which databases can be made."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip(NO_POSTGRES)
    with _folder() as folder, _started_postgres(binaries, folder) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database of its own, dropped afterwards."""
    name = f"rondo_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The URL of an empty Redis server."""
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        redis.Redis.from_url(given).flushdb()
        yield given
        return
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None:
        pytest.skip(NO_REDIS)
    with _folder() as folder, _started_redis(binary, folder) as url:
        yield url


def postgres_binaries() -> Path | None:
    """The folder of the newest `postgres` and `initdb` on this machine."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    usable = [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    return usable[-1] if usable else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _folder() -> Iterator[Path]:
    """A short path (a Unix socket allows 107 characters) that an unprivileged user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="rondo-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _started_postgres(binaries: Path, folder: Path) -> Iterator[str]:
    data, port = folder / "data", free_port()
    data.mkdir()
    if os.geteuid() == 0:
        shutil.chown(data, "nobody")
        shutil.chown(folder, "nobody")
    made: list[str | Path] = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        "rondo",
        "--auth=trust",
        "--no-sync",
        "--encoding=UTF8",
    ]
    subprocess.run(_unprivileged(made), check=True, capture_output=True, cwd=folder)
    options = ["listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={folder}", "fsync=off"]
    command: list[str | Path] = [binaries / "postgres", "-D", data]
    command += [word for option in options for word in ("-c", option)]
    url = f"postgresql://rondo@127.0.0.1:{port}/postgres"
    with _running(_unprivileged(command), folder, lambda: psycopg.connect(url).close()):
        yield url


@contextmanager
def _started_redis(binary: str, folder: Path) -> Iterator[str]:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with _running(command, folder, lambda: _ping(url)):
        yield url


def _ping(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.ping()


def _unprivileged(command: Sequence[str | Path]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    words = [str(word) for word in command]
    if os.geteuid() != 0:
        return words
    return [
        shutil.which("setpriv") or "setpriv",
        "--reuid=nobody",
        "--regid=nogroup",
        "--clear-groups",
        *words,
    ]


@contextmanager
def _running(command: list[str], folder: Path, answers: Callable[[], None]) -> Iterator[None]:
    """The server while it is needed. It answers before anything is asked of it."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        _wait(process, answers, folder / "log")
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], answers: Callable[[], None], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return answers()
        except (psycopg.OperationalError, redis.ConnectionError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{process.args!r} did not start: {log.read_text()[-2000:]}") from None
            time.sleep(0.1)
