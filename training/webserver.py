"""The web server: waitress, pure Python, one process, many threads."""

from __future__ import annotations

import socket

import waitress
from django.core.wsgi import get_wsgi_application


def serve(host: str, port: int, threads: int = 16) -> None:
    """Serve until the process ends."""
    application = get_wsgi_application()
    waitress.serve(application, host=host, port=port, threads=threads, ident="rondo")


def free_port(host: str, wanted: int) -> int:
    """`wanted`, or any other port when something else listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError:
            probe.bind((host, 0))
        return int(probe.getsockname()[1])
