"""A Redis server for programs that are run as they are printed."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from startup_processes import PATIENCE, Launcher, free_port, until

__all__ = ["redis_server"]


@contextmanager
def redis_server(launch: Launcher, port: int | None = None) -> Iterator[int]:
    """Run a Redis server that keeps nothing.

    Args:
        launch: The starter whose directory it works in.
        port: Its port; None for a free one.

    Yields:
        Its port on 127.0.0.1.

    Raises:
        FileNotFoundError: There is none on this machine.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise FileNotFoundError("no redis-server here; on Debian: apt-get install redis-server")
    port = port or free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen(
        [program, *options], cwd=launch.directory, stdout=subprocess.DEVNULL
    ) as process:
        try:
            until("redis-server", lambda: process.poll() is not None or _listens(port))
            assert process.poll() is None
            yield port
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
