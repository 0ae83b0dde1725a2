"""Tornado's simple client, on asyncio's stock loop; it keeps no connections."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asking
from tornado.simple_httpclient import SimpleAsyncHTTPClient

if TYPE_CHECKING:
    from collections.abc import Awaitable


async def together(tasks: list[Awaitable[None]]) -> list[Any]:
    """Run all."""
    return await asyncio.gather(*tasks)


async def main() -> None:
    """Measure."""
    given = asking.options()
    client = SimpleAsyncHTTPClient(force_instance=True, max_clients=given.concurrency)

    async def ask() -> tuple[int, bytes]:
        response = await client.fetch(given.url)
        return response.code, response.body

    await asking.measure(ask, together, given)
    client.close()


if __name__ == "__main__":
    asyncio.run(main())
