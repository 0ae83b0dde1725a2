# run: cyclone run board.py

import os

import cyclone.web
from cyclone.redis import ConnectionHandler, connect
from cyclone_storage.dbsafe import dbsafe
from cyclone_storage.ratelimit import RateLimit, remote_network


class BaseHandler(cyclone.web.RequestHandler):
    @property
    def redis(self) -> ConnectionHandler:
        """The pool of the application."""
        pool: ConnectionHandler = self.settings.redis
        return pool


class TextHandler(BaseHandler):
    """Texts by their names, gone after a day."""

    @dbsafe
    async def get(self, name: str) -> None:
        text = await self.redis.get(f"board:text:{name}")
        if text is None:
            raise cyclone.web.HTTPError(404)
        self.write(f"{text}\n")

    @dbsafe
    async def post(self, name: str) -> None:
        await self.settings.writing.check(remote_network(self))
        text = self.get_argument("text")
        async with self.redis.transaction() as t:
            t.set(f"board:text:{name}", text, expire=86_400)
            t.publish(f"board:{name}", text)
        self.write(f"{t.results[1]} are told\n")

    @dbsafe
    async def delete(self, name: str) -> None:
        if not await self.redis.delete(f"board:text:{name}"):
            raise cyclone.web.HTTPError(404)
        await self.redis.publish(f"board:{name}", "")
        self.set_status(204)


class ChangesHandler(BaseHandler):
    """Changes as they happen, of one text or, with `*`, of several."""

    cancel_on_disconnect = True

    @dbsafe
    async def get(self, pattern: str) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        async with self.redis.subscribe(patterns=[f"board:{pattern}"]) as messages:
            await self.flush()
            async for message in messages:
                self.write(f"{message.channel}: {message.data}\n")
                await self.flush()


class HealthHandler(BaseHandler):
    """Whether Redis is there, and how the pool is."""

    @dbsafe
    async def get(self) -> None:
        await self.redis.ready(1)
        stats = self.redis.stats()
        self.write({"connected": stats.connected, "in_flight": stats.in_flight})


class Application(cyclone.web.Application):
    def __init__(self) -> None:
        url = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
        redis = connect(url, wait_timeout=2)
        handlers = [
            ("/text/([a-z]+)", TextHandler),
            ("/changes/([a-z*]+)", ChangesHandler),
            ("/health", HealthHandler),
        ]
        writing = RateLimit(10, 60, store=redis, name="board-writing")
        super().__init__(handlers, redis=redis, writing=writing)
