"""Running coroutines that await Deferreds, and on the asyncio reactor asyncio's futures as well.

Theory of operation. A coroutine is sent forward by hand until it first suspends. Most never do: those
cost a tenth of what `Deferred.fromCoroutine` costs, and their answer leaves in the same turn of the
reactor. What then becomes of it depends on the reactor.

* No asyncio loop runs: `SteppedCoroutine`, a Deferred, resumes it whenever the Deferred it awaits fires.
* A loop runs, which is what Twisted's asyncio reactor is: the coroutine belongs to an `asyncio.Task`,
  already while it is sent forward by hand, so that `asyncio.timeout`, `TaskGroup` and `current_task`
  work from its first line. Its Deferreds are turned into Futures.

Either way it runs in one context, that of its request: what a context variable was set to before an
`await` holds behind it, and in whatever else runs in that context.
"""

import asyncio
from typing import Final

from twisted.internet import defer

from cyclone_core.coroutines.awaiting import awaitable
from cyclone_core.coroutines.context import run_in
from cyclone_core.coroutines.driver import drive
from cyclone_core.coroutines.settling import settle
from cyclone_core.coroutines.tasks import CoroutineCancelled

__all__ = [
    "CANCELLATIONS",
    "FAILURES",
    "CoroutineCancelled",
    "awaitable",
    "drive",
    "run_in",
    "settle",
]

CANCELLATIONS: Final = (defer.CancelledError, asyncio.CancelledError)
"""What a cancelled coroutine ends with: Twisted's own exception, or that of asyncio where a loop runs."""

FAILURES: Final = (Exception, asyncio.CancelledError)
"""What code may raise without meaning to end the process: asyncio's cancellation is no `Exception`."""
