"""Tasks of asyncio that ask, and are cancelled."""

import asyncio

import pytest

from cyclone_core.httpclient import HTTPClient

from .network import Network, Peer

URL = "http://127.0.0.1/"


async def read(client: HTTPClient) -> None:
    """Stream something."""
    async with client.stream("GET", URL) as response:
        await response.read()


async def ask(client: HTTPClient) -> None:
    """Fetch something."""
    await client.get(URL)


@pytest.mark.parametrize("how", [ask, read])
@pytest.mark.parametrize("turns", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("answered", [True, False])
def test_cancelled(network: Network, how: object, turns: int, answered: bool) -> None:
    """In whatever turn a task is cancelled, nothing of its request is left."""

    async def main() -> None:
        client = HTTPClient(reactor=network.reactor, max_clients=1)
        task = asyncio.create_task(how(client))  # type: ignore[operator]
        peer: Peer | None = None
        for turn in range(turns):
            await asyncio.sleep(0)
            if network.attempts:
                peer = network.accept()
            if answered and peer is not None and turn == turns - 1:
                peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        pool = client._fetcher.settings.pool
        assert (pool.lent, pool.waiting) == (0, 0)
        network.advance(0)
        assert network.is_quiet()
        await client.close()

    asyncio.run(main())
