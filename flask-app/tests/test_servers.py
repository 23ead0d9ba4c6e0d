"""The two ways of running it, as processes on a real port: which of them keeps connections is what the lab compares."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent
STARTUP_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command: list[str], port: int, cwd: Path, **environment: str):
    process = subprocess.Popen(
        command, cwd=cwd, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        deadline = time.monotonic() + STARTUP_SECONDS
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    pytest.fail(f"the server did not start:\n{process.communicate()[0]}")
                time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def ask_twice(port: int) -> tuple[list[int], bool]:
    """Two requests over one HTTPConnection: their statuses, and whether the socket was still the same."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    statuses, sockets = [], []
    for _ in range(2):
        connection.request("POST", "/predict", json.dumps({"features": [1.2, 3.4, 5.6, 7.8]}))
        sockets.append(connection.sock)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    return statuses, sockets[0] is sockets[1]


def test_gunicorn_starts_from_any_folder_answers_and_keeps_the_connection(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", str(FOLDER / "gunicorn.conf.py")]
    with running(command, port, tmp_path, BIND=f"127.0.0.1:{port}") as process:
        assert ask_twice(port) == ([200, 200], True)
    assert process.returncode == 0


def test_flasks_own_server_answers_and_closes_every_connection(tmp_path):
    port = free_port()
    with running([sys.executable, str(FOLDER / "app.py")], port, tmp_path, PORT=str(port)):
        assert ask_twice(port) == ([200, 200], False)
