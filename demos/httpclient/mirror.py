# run: twistd -n cyclone -r mirror.Application

import os

import cyclone.web
from cyclone.httpclient import HTTPClient


class MirrorHandler(cyclone.web.RequestHandler):
    async def get(self) -> None:
        # What comes from outside is the path only: the host is ours to choose.
        url = self.settings.mirror + self.request.path
        async with self.settings.client.stream("GET", url, raise_error=False) as page:
            self.set_status(page.code, page.reason)
            self.set_header("Content-Type", page.headers.get("Content-Type", "text/plain"))
            async for chunk in page:
                self.write(chunk)
                await self.flush()


class Application(cyclone.web.Application):
    def __init__(self) -> None:
        mirror = os.environ.get("MIRROR", "http://127.0.0.1:8000")
        handlers = [(r"/.*", MirrorHandler)]
        super().__init__(handlers, mirror=mirror, client=HTTPClient(cookies=False))
