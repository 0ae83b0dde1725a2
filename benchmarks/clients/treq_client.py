"""treq, on Twisted's stock epoll reactor; it keeps as many connections as it may need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asking
from twisted.internet import epollreactor

epollreactor.install()

import treq  # noqa: E402
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults  # noqa: E402
from twisted.internet.task import react  # noqa: E402
from twisted.web.client import HTTPConnectionPool  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Awaitable


def together(tasks: list[Awaitable[None]]) -> Deferred[Any]:
    """Run all."""
    return gatherResults([ensureDeferred(task) for task in tasks])  # type: ignore[arg-type]


async def main(reactor: Any) -> None:  # noqa: ANN401 -- the reactor
    """Measure."""
    given = asking.options()
    pool = HTTPConnectionPool(reactor, persistent=not given.close)
    pool.maxPersistentPerHost = given.concurrency

    async def ask() -> tuple[int, bytes]:
        response = await treq.get(given.url, pool=pool)
        return response.code, await treq.content(response)

    await asking.measure(ask, together, given)
    await pool.closeCachedConnections()


if __name__ == "__main__":
    react(main)
