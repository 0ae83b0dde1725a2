"""The client in programs that `asyncio.run` runs, as those of Tornado are."""

from startup_processes import Launcher, free_port

PROGRAM = """
import asyncio
import cyclone.web
from cyclone.httpclient import AsyncHTTPClient, HTTPClient, HTTPClientError

HERE = "http://127.0.0.1:{port}"

class Slow(cyclone.web.RequestHandler):
    async def get(self):
        await asyncio.sleep(float(self.get_argument("seconds", "0")))
        self.write("hello " * 20000)

class Outer(cyclone.web.RequestHandler):
    async def get(self):
        response = await AsyncHTTPClient().fetch(HERE + "/?seconds=0.01")
        await asyncio.sleep(0)
        self.write(str(len(response.body)))

async def main():
    cyclone.web.Application([("/", Slow), ("/outer", Outer)]).listen({port}, "127.0.0.1")
    client = AsyncHTTPClient()
    response = await client.fetch(HERE)
    print(response.code, len(response.body))
    print([each.body for each in await asyncio.gather(*[client.fetch(HERE + "/outer") for _ in range(3)])])
    try:
        await client.fetch(HERE + "/nowhere")
    except HTTPClientError as error:
        print(error)
    async with HTTPClient(base_url=HERE) as other:
        async with other.stream("GET", "/") as streamed:
            print(sum([len(chunk) async for chunk in streamed]))
        try:
            async with asyncio.timeout(0.01):
                await other.get("/?seconds=10")
        except TimeoutError:
            print("too late")
    await client.close()

asyncio.run(main())
"""


def test_program(launch: Launcher) -> None:
    """`await client.fetch()` works in `main`, in handlers and in `gather`; a timeout ends a request."""
    launch.write("program.py", PROGRAM.format(port=free_port()))
    done = launch.run("python", "program.py")
    assert done.stdout.splitlines() == [
        "200 120000",
        "[b'120000', b'120000', b'120000']",
        "HTTP 404: Not Found",
        "120000",
        "too late",
    ]
    assert done.returncode == 0


WITHOUT_SERVER = """
import asyncio
from cyclone.httpclient import AsyncHTTPClient, ConnectError

async def main():
    try:
        await AsyncHTTPClient().fetch("http://127.0.0.1:{port}/")
    except ConnectError as error:
        print(error)

asyncio.run(main())
"""


def test_client_alone(launch: Launcher) -> None:
    """A program that is nothing but a client needs no `listen` before it."""
    launch.write("program.py", WITHOUT_SERVER.format(port=free_port()))
    done = launch.run("python", "program.py")
    assert "HTTP 599" in done.stdout
    assert done.returncode == 0
