"""Limits and caches as a program uses them; only type checkers read this."""

from typing import TYPE_CHECKING, Any, assert_type

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from cyclone_storage.caching import Cached, CachedMethod, CacheStats, cached
from cyclone_storage.ratelimit import Decision, RateLimit, RateLimited, remote_network
from cyclone_storage.redis import ConnectionHandler

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Request:
    """What a key is made of."""

    remote_ip = "192.0.2.1"


class Handler:
    """What a limit stands before."""

    request = Request()
    limit = RateLimit(5, 60, burst=10, max_keys=1000, clock=Clock())

    @limit.by(remote_network, cost=2)
    def get(self, page: str) -> None:
        """Answer."""

    @limit.by(lambda handler: handler.request.remote_ip)
    async def post(self, page: str, *, now: bool = False) -> None:
        """Answer later."""


async def limits(pool: ConnectionHandler, handler: Handler) -> None:
    """Ask limits."""
    limit = RateLimit(5, 60, store=pool, name="sign-in", fail_open=True, timeout=0.5)
    assert_type(limit.take("a"), Deferred[Decision])
    decision = await limit.check(b"a", cost=2)
    assert_type(decision.allowed, bool)
    assert_type(decision.remaining, int)
    assert_type(decision.retry_after, float)
    assert_type(limit.reset("a"), Deferred[None])
    assert_type(RateLimited("no", decision).decision, Decision)
    getting: Coroutine[Any, Any, None] = handler.get("a")
    await getting
    await handler.post("a", now=True)


@cached(10)
def value(number: int) -> str:
    """Return a value."""
    return str(number)


@cached(10, max_entries=5, clock=Clock())
def deferred(number: int) -> Deferred[str]:
    """Return a Deferred."""
    raise NotImplementedError


@cached(10, key=lambda number: number % 10)
async def coroutine(number: int) -> str:
    """Return a coroutine."""
    return str(number)


class Shop:
    """Has cached methods."""

    @cached(10)
    async def price(self, article: str, *, number: int = 1) -> float:
        """Return a coroutine."""
        return len(article) * number

    @cached(10)
    def stock(self, article: str) -> Deferred[int]:
        """Return a Deferred."""
        raise NotImplementedError


def methods(shop: Shop) -> None:
    """The arguments of cached methods are checked as those of functions are."""
    assert_type(shop.price("tea", number=2), Deferred[float])
    assert_type(shop.stock("tea"), Deferred[int])
    bound: CachedMethod[[str], int] = shop.stock
    bound.clear()
    assert_type(bound.stats(), CacheStats)
    shop.stock.invalidate("tea")
    shop.price("tea", 2)  # type: ignore[call-arg]
    shop.stock(5)  # type: ignore[arg-type]
    shop.stock.invalidate(5)  # type: ignore[arg-type]
    unbound: Cached[[Shop, str], int] = Shop.stock
    assert_type(unbound(shop, "tea"), Deferred[int])


def caches() -> None:
    """All of them have become functions that return Deferreds."""
    kept: Cached[[int], str] = value
    assert_type(kept(1), Deferred[str])
    assert_type(value(1), Deferred[str])
    assert_type(deferred(1), Deferred[str])
    assert_type(coroutine(number=1), Deferred[str])
    assert_type(coroutine.stats(), CacheStats)
    value.invalidate(1)
    value.clear()
    value("1")  # type: ignore[arg-type]
    value.invalidate("1")  # type: ignore[arg-type]
