"""How programs that began with cyclone 1.x use `cyclone_core.web`; read by type checkers only, never run."""

from collections.abc import Callable
from typing import assert_type

from twisted.internet.defer import Deferred, succeed

from cyclone_core.web import RequestHandler, asynchronous


class Old(RequestHandler):
    """Waits with callbacks."""

    @asynchronous
    def get(self) -> None:
        """Answer later."""
        callback = self.async_callback(self.done, "prefix", suffix="!")
        assert_type(callback, Callable[..., int | None])
        succeed("x").addCallback(callback)
        assert_type(self.async_callback(None), None)

    def done(self, prefix: str, text: str, suffix: str) -> int:
        """Answer."""
        self.write(prefix + text + suffix)
        assert_type(self.flush(include_footers=True), Deferred[None])
        self.finish()
        return 1
