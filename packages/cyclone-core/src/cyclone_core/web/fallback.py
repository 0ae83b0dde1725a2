"""Leaving requests to something else than a request handler."""

from collections.abc import Callable
from typing import Any

from cyclone_core.coroutines import run_in
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.web.handler import RequestHandler

__all__ = ["FallbackHandler"]


class FallbackHandler(RequestHandler):
    """Passes each request to a callable that answers it (Tornado and cyclone: the same name).

    For example to a WSGI application, or to another `Application`:

        (r"/blog/.*", FallbackHandler, {"fallback": WSGIContainer(flask_application)})

    As for every handler, forged requests are refused before, if `xsrf_cookies` is on. There is one
    line in the access log: a WSGI application's answer is logged by this application, another
    `Application` logs its own, and whatever else is called does so itself if it likes.

    Attributes:
        fallback: The callable.
    """

    def initialize(self, fallback: Callable[[HTTPServerRequest], Any]) -> None:  # type: ignore[override]
        """Take the route's argument.

        Args:
            fallback: Is called with the request, which has its body, and answers it through
                `request.connection`.
        """
        self.fallback = fallback

    def prepare(self) -> None:
        """Pass the request on; an override must call this at its end."""
        answer_request = getattr(self.fallback, "answer_request", None)
        if answer_request is not None:
            answer_request(self.request, self._fallback_answered, self.application.server_header)
            self._finished = True
            return
        self.fallback(self.request)
        self._finished = True
        self.on_finish()

    def _fallback_answered(self, status: int) -> None:
        self._status_code = status
        self._late = True  # what is logged may have been cut off
        run_in(self._context, self._answered)

    @classmethod
    def _answers_method(cls, method: str) -> bool:
        return method in cls.SUPPORTED_METHODS
