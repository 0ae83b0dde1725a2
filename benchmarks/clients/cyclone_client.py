"""Cyclone's client with Tornado's interface, on Twisted's stock epoll reactor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asking
from twisted.internet import epollreactor

epollreactor.install()

from twisted.internet.defer import Deferred, ensureDeferred, gatherResults  # noqa: E402
from twisted.internet.task import react  # noqa: E402

from cyclone_core.httpclient import AsyncHTTPClient  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Awaitable


def together(tasks: list[Awaitable[None]]) -> Deferred[Any]:
    """Run all."""
    return gatherResults([ensureDeferred(task) for task in tasks])  # type: ignore[arg-type]


async def main(reactor: Any) -> None:  # noqa: ANN401 -- the reactor
    """Measure."""
    given = asking.options()
    client = AsyncHTTPClient(max_clients=given.concurrency, reactor=reactor)
    headers = {"Connection": "close"} if given.close else None

    async def ask() -> tuple[int, bytes]:
        response = await client.fetch(given.url, headers=headers)
        return response.code, response.body

    await asking.measure(ask, together, given)
    client.close()


if __name__ == "__main__":
    react(main)
