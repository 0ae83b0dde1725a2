"""`WSGIContainer`: a WSGI application as something that answers requests."""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest, http_date
from cyclone_core.log.text import printable
from cyclone_core.web.access import AccessLog
from cyclone_core.wsgi.call import Call
from cyclone_core.wsgi.delivery import Delivery, Reactor
from cyclone_core.wsgi.environ import make_environ, split_path
from cyclone_core.wsgi.errors import ErrorStream

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["WSGIContainer"]

_log = Logger(namespace="cyclone.wsgi")

_NOT_FOUND: Final = 404

# Threads of the reactor's pool that are left to others: name resolution for example needs one.
_LEFT_TO_OTHERS: Final = 2

Answered = Callable[[int], object]
"""Is called with the status of an answer when that is complete, or the client has left."""


class WSGIContainer:
    """Runs a WSGI application in threads (Tornado: `wsgi.WSGIContainer`).

    It is called with a request: pass it to `FallbackHandler`, name it as the target of a route, or
    serve it with `HTTPServer`. Bodies come from memory or disk, answers go out piece by piece, no
    faster than the client takes them; meanwhile the application has its thread. A `wsgi.file_wrapper`
    around a plain file needs none.

    Attributes:
        wsgi_application: The application.
        executor: Where it runs; None for the reactor's pool.
    """

    def __init__(
        self,
        wsgi_application: "WSGIApplication",
        executor: Executor | ThreadPool | None = None,
        *,
        script_name: str = "",
        max_threads: int | None = None,
        reactor: Reactor | None = None,
    ) -> None:
        """Wrap an application.

        Args:
            wsgi_application: The application; it must not mind being called by several threads.
            executor: A `ThreadPoolExecutor` or a Twisted `ThreadPool` that runs; by default the
                reactor's own pool, for whose size there is `reactor.suggestThreadPoolSize`.
            script_name: Where the application is, for example `/blog`; it sees paths without that, and
                what is elsewhere is answered with 404.
            max_threads: How many requests are handled at once; the others wait in their order. By
                default as many as the reactor's pool has threads, less two that others may need; with
                an executor of your own there is no bound but its.
            reactor: Twisted's reactor; by default the global one, looked up with the first request.

        Raises:
            TypeError: The application or the executor is none.
            ValueError: `script_name` or `max_threads` is malformed.
        """
        if not callable(wsgi_application):
            raise TypeError(f"a WSGI application can be called, {wsgi_application!r} cannot")
        if executor is not None and not isinstance(executor, (Executor, ThreadPool)):
            raise TypeError(
                f"an executor is a ThreadPoolExecutor or a Twisted ThreadPool, not {executor!r}"
            )
        if script_name and (script_name[0] != "/" or script_name[-1] == "/" or "%" in script_name):
            raise ValueError(
                f"script_name is empty or like '/blog', without '/' at its end, not {script_name!r}"
            )
        given: object = max_threads
        if given is not None and not (isinstance(given, int) and given > 0):
            raise ValueError(f"max_threads is a whole number above 0, not {max_threads!r}")
        self.wsgi_application = wsgi_application
        self.executor = executor
        self._script_name = script_name
        self._max_threads = max_threads
        self._reactor = reactor
        self._access_log: AccessLog | None = None
        self._running = 0
        self._waiting: deque[tuple[Delivery, Callable[[], object]]] = deque()

    def __call__(self, request: HTTPServerRequest) -> None:
        """Answer a request, and write the access log's line.

        Args:
            request: The request, with its body.

        Raises:
            RuntimeError: It came from no server.
        """
        self.answer_request(request, partial(self._log_request, request))

    def answer_request(
        self, request: HTTPServerRequest, answered: Answered, server: str = "cyclone"
    ) -> None:
        """Answer a request for somebody who writes the access log: `FallbackHandler` uses it.

        Args:
            request: The request, with its body.
            answered: Is called with the status when the answer is complete or the client has left.
            server: The value of the `Server` header that the answer gets; empty for none.

        Raises:
            RuntimeError: The request came from no server.
        """
        exchange = request.connection
        if exchange is None:
            raise RuntimeError("this request was made by hand: it has no connection to answer on")
        date = http_date(time.time())
        delivery = Delivery(
            exchange,
            self._used_reactor,
            is_head=request.method == "HEAD",
            server=server,
            date=date,
        )
        exchange.notifyFinish().addCallback(lambda _: answered(delivery.status))
        error = request.body_error
        if error is not None:
            _log.info(
                "{status} to {ip}: {why}", status=error.status, ip=request.remote_ip, why=error
            )
            delivery.refuse(error.status, HTTPHeaders(error.http_headers))
            return
        names = split_path(request.path, self._script_name)
        if names is None:
            delivery.refuse(_NOT_FOUND)
            return
        defaults = HTTPHeaders({"Server": server} if server else {})
        defaults["Date"] = date
        call = Call(
            self.wsgi_application,
            delivery,
            summary=printable(f"{request.method} {request.path} ({request.remote_ip})"),
            defaults=defaults,
            close_later=self._submit,
        )
        environ = partial(make_environ, request, *names, ErrorStream(self._log_text))
        self._waiting.append((delivery, partial(copy_context().run, call.run, environ)))
        self._start_waiting()

    # In the reactor's thread.

    def _start_waiting(self) -> None:
        while self._waiting and self._running < self._most_threads:
            delivery, run = self._waiting.popleft()
            if delivery.gone is not None:
                continue
            try:
                self._submit(partial(self._work, run))
            except Exception:  # noqa: BLE001 -- an executor that was shut down, for example
                delivery.fail_now(Failure(), "a WSGI application cannot be run")
            else:
                self._running += 1

    def _worked(self) -> None:
        self._running -= 1
        self._start_waiting()

    @property
    def _most_threads(self) -> float:
        if self._max_threads is not None:
            return self._max_threads
        if self.executor is not None:
            return float("inf")
        return max(self._pool.max - _LEFT_TO_OTHERS, 1)

    @property
    def _pool(self) -> ThreadPool:
        pool: ThreadPool = cast("Any", self._used_reactor).getThreadPool()
        return pool

    @property
    def _used_reactor(self) -> Reactor:
        if self._reactor is None:
            from twisted.internet import reactor

            self._reactor = cast("Reactor", reactor)
        return self._reactor

    def _log_request(self, request: HTTPServerRequest, status: int) -> None:
        if self._access_log is None:
            self._access_log = AccessLog(CoarseClock(cast("Any", self._used_reactor)))
        request.mark_finished()
        self._access_log(cast("Any", _Answered(request, status)))

    # In any thread.

    def _submit(self, function: Callable[[], object]) -> None:
        if isinstance(self.executor, Executor):
            self.executor.submit(function)
        else:
            (self.executor or self._pool).callInThread(function)

    def _work(self, run: Callable[[], object]) -> None:
        run()
        self._used_reactor.callFromThread(self._worked)

    def _log_text(self, text: str) -> None:
        self._used_reactor.callFromThread(_log.warn, "{text}", text=text)


class _Answered:
    """As much of a handler as the access log looks at."""

    _late = True
    _headers_written = True

    def __init__(self, request: HTTPServerRequest, status: int) -> None:
        self.request = request
        self._status = status

    def get_status(self) -> int:
        return self._status
