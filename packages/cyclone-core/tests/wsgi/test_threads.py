"""Clients that leave or are slow, and the threads of a WSGI application."""

import contextvars
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from twisted.python.threadpool import ThreadPool
from wsgi_site import PATIENCE, PIECE, Environ, Log, Loop, Result, Serve, Start, answering, show

from cyclone_core.errors import StreamClosedError


def test_a_client_that_leaves(serve: Serve, log: Log, loop: Loop) -> None:
    """The iteration stops, `close` is called, and it is no error."""
    go = threading.Semaphore(0)

    def pieces() -> Iterator[bytes]:
        yield b"one"
        go.acquire(timeout=PATIENCE)
        while True:
            yield b""

    result = Result(pieces())
    client = serve(answering(result)).open()
    loop.until(lambda: b"one" in client.sent)
    client.transport.loseConnection()
    go.release()
    loop.until(lambda: result.closed)
    assert len(result.threads) == 1
    assert log.failures() == []


def test_write_to_a_client_that_has_left(serve: Serve, log: Log, loop: Loop) -> None:
    """`write` raises, so that its loop ends; the error is not ours."""
    go = threading.Semaphore(0)
    raised: list[BaseException] = []

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        del environ
        write = start_response("200 OK", [])
        write(b"one")
        go.acquire(timeout=PATIENCE)
        try:
            write(b"two")
        except StreamClosedError as error:
            raised.append(error)
            raise
        return []

    client = serve(app).open()
    loop.until(lambda: b"one" in client.sent)
    client.transport.loseConnection()
    go.release()
    loop.until(lambda: raised)
    loop.rest()
    assert log.failures() == []


def test_a_slow_client_slows_the_application_down(serve: Serve, loop: Loop) -> None:
    """It is never far ahead of what the client has taken, and goes on when that goes on."""
    resumed = threading.Event()
    ahead: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(40):
            if not resumed.is_set():
                ahead.append(number)
            yield PIECE

    client = serve(answering(pieces())).open()
    cast("Any", client.protocol).pauseProducing()
    loop.until(lambda: len(ahead) == 5)
    resumed.set()
    cast("Any", client.protocol).resumeProducing()
    assert client.read().body == PIECE * 40
    assert len(ahead) <= 6


def test_a_client_that_leaves_while_the_application_waits(serve: Serve, loop: Loop) -> None:
    """A thread that waits for room is woken."""
    result = Result(PIECE for _ in range(40))
    client = serve(answering(result)).open()
    cast("Any", client.protocol).pauseProducing()
    loop.until(lambda: result.given == 5)
    client.transport.loseConnection()
    loop.until(lambda: result.closed)
    assert result.given <= 6


def test_a_reactor_that_stops_wakes_its_threads(
    serve: Serve, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that waits for a client does not keep the process from ending."""
    monkeypatch.setattr("cyclone_core.wsgi.delivery._LOOK_AROUND", 0.01)
    result = Result(PIECE for _ in range(40))
    client = serve(answering(result)).open()
    cast("Any", client.protocol).pauseProducing()
    loop.until(lambda: result.given == 5)
    loop.running = False
    loop.pool.stop()  # which waits for its threads
    assert result.closed == 1


# Threads.


def test_one_thread_for_all_of_a_call(serve: Serve, loop: Loop) -> None:
    """The application, its pieces and `close` are in one thread, which is not the reactor's."""
    result = Result([b"a", b"b"])

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        del environ
        result.threads.add(threading.get_ident())
        start_response("200 OK", [])
        return result

    assert serve(app).ask().body == b"ab"
    loop.until(lambda: result.closed)
    assert len(result.threads) == 1
    assert threading.get_ident() not in result.threads


def test_context_variables(serve: Serve) -> None:
    """The application runs in a copy of the request's context."""
    variable = contextvars.ContextVar("variable", default="none")
    seen: list[str] = []

    def pieces() -> Iterator[bytes]:
        seen.append(variable.get())
        yield b"x"

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        seen.append(variable.get())
        variable.set(environ["PATH_INFO"])
        start_response("200 OK", [])
        return pieces()

    site = serve(app)
    token = variable.set("request")
    site.ask("/a")
    assert variable.get() == "request"
    variable.reset(token)
    assert seen == ["request", "/a"]


class Gate:
    """An application that waits, and counts who is inside."""

    def __init__(self) -> None:
        self.go = threading.Semaphore(0)
        self.paths: list[str] = []
        self.inside = 0
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Start) -> list[bytes]:
        with self._lock:
            self.paths.append(environ["PATH_INFO"])
            self.inside += 1
            self.most = max(self.most, self.inside)
        assert self.go.acquire(timeout=PATIENCE)
        with self._lock:
            self.inside -= 1
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]


@pytest.mark.parametrize(("max_threads", "most"), [(1, 1), (3, 3), (None, 2)])
def test_the_number_of_threads_is_bounded(serve: Serve, max_threads: int | None, most: int) -> None:
    """More requests wait in their order; by default two of the pool's threads stay free."""
    gate = Gate()
    site = serve(gate, max_threads=max_threads)
    clients = [site.open(f"/{number}") for number in range(8)]
    for _ in clients:
        gate.go.release()
    assert [client.read().body for client in clients] == [b"/%d" % number for number in range(8)]
    assert gate.most <= most
    assert sorted(gate.paths) == [f"/{number}" for number in range(8)]
    if max_threads == 1:
        assert gate.paths == sorted(gate.paths)


def test_a_small_pool_has_a_thread_for_us(serve: Serve, loop: Loop) -> None:
    """Of a pool of one thread none is left to others."""
    loop.pool.adjustPoolsize(0, 1)
    assert serve(show).ask().status == 200


def test_who_leaves_while_waiting_is_not_served(serve: Serve) -> None:
    """The application is not called for a client that has gone before its turn."""
    gate = Gate()
    site = serve(gate, max_threads=1)
    first, second, third = (site.open(f"/{name}") for name in "abc")
    second.transport.loseConnection()
    gate.go.release()
    gate.go.release()
    assert first.read().body == b"/a"
    assert third.read().body == b"/c"
    assert gate.paths == ["/a", "/c"]


def test_an_executor_of_ones_own(serve: Serve, log: Log) -> None:
    """A `ThreadPoolExecutor` runs the application, in as many threads as it has."""
    with ThreadPoolExecutor(1, "own") as executor:

        def app(environ: Environ, start_response: Start) -> list[bytes]:
            del environ
            start_response("200 OK", [])
            return [threading.current_thread().name.encode()]

        site = serve(app, executor=executor)
        assert [client.read().body for client in [site.open(), site.open()]] == [b"own_0"] * 2
    assert site.ask().status == 500  # it was shut down
    assert [type(error) for error in log.failures()] == [RuntimeError]


def test_a_pool_of_ones_own(serve: Serve, loop: Loop) -> None:
    """A Twisted `ThreadPool` does, too."""
    pool = ThreadPool(0, 1)
    pool.start()
    assert serve(show, executor=pool).ask().status == 200
    assert not loop.pool.threads
    pool.stop()
