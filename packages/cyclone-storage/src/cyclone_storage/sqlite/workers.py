"""A thread with a connection of its own."""

import sqlite3
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Final

from twisted.python.failure import Failure

from cyclone_storage.sqlite.errors import (
    DatabaseCorrupt,
    DatabaseIOError,
    TransactionError,
    explained,
)
from cyclone_storage.sqlite.jobs import Job
from cyclone_storage.sqlite.outbox import Outbox
from cyclone_storage.sqlite.statements import URI

__all__ = ["Jobs", "Worker", "WorkerConnection"]

Jobs = SimpleQueue[Job | None]
"""A queue of jobs; `None` ends whoever takes it."""

# Steps of SQLite's machine (some ms) after which it asks whether to go on. A tenth would show: each
# time the thread needs the interpreter's lock.
_STEPS: Final = 100_000


class WorkerConnection(sqlite3.Connection):
    """A connection that knows whose it is.

    Attributes:
        worker: The thread that uses it.
        refused: The URI that was refused last.
    """

    worker: "Worker"
    refused: str | None = None

    def authorize(self, action: int, name: str | None, *_: str | None) -> int:
        """Refuse to attach a database by a URI; SQLite asks when it prepares a statement.

        Args:
            action: What the statement does.
            name: To attach a database: its name, if it is a literal.

        Returns:
            Whether it may.
        """
        if action != sqlite3.SQLITE_ATTACH or name is None or not name.startswith(URI):
            return sqlite3.SQLITE_OK
        self.refused = name
        return sqlite3.SQLITE_DENY


class Worker:
    """Runs the jobs of a queue, one after the other, in a thread.

    The thread is a daemon: a pool that nobody closes keeps no process from ending, and SQLite
    survives that.
    """

    def __init__(
        self,
        name: str,
        queue: Jobs,
        connect: Callable[[], WorkerConnection],
        path: str,
        outbox: Outbox,
        settle: Callable[[Job], object],
        gone: Callable[["Worker"], object],
    ) -> None:
        """Start the thread.

        Args:
            name: The thread's name.
            queue: Its jobs.
            connect: Opens a connection; called in the thread, and again after it has failed.
            path: The database, for messages.
            outbox: The way to the reactor.
            settle: Called in the reactor's thread with each job that is over.
            gone: Called in the reactor's thread when the thread ends.
        """
        self._queue = queue
        self._connect = connect
        self._path = path
        self._outbox = outbox
        self._settle = settle
        self._gone = gone
        self._connection: WorkerConnection | None = None
        self._broken = False
        # The innermost one last: that of a transaction, and within it one of its statements.
        self._jobs: list[Job] = []
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end of the thread, which blocks.

        Args:
            timeout: Seconds; for ever if it is `None`.

        Returns:
            Whether it has ended.
        """
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            if job.claim():
                self.run(job, self._in_connection)
                if self._broken:
                    self._disconnect()
            self._outbox.post(partial(self._settle, job))
            # Nothing of a job is kept while the thread waits for the next.
            del job
        self._disconnect()
        self._outbox.post(partial(self._gone, self))

    def run(self, job: Job, work: Callable[[Job], object]) -> None:
        """Run a job that was claimed; called in the thread.

        Args:
            job: The job; it is given its outcome.
            work: Does it.
        """
        self._jobs.append(job)
        try:
            job.outcome = work(job)
        except BaseException as error:  # noqa: BLE001 -- whoever waits for the job gets it
            job.outcome = self._failure(error)
        finally:
            self._jobs.pop()

    def _failure(self, error: BaseException) -> Failure:
        # Not in the function that has caught it: its frame stands in the traceback, and would hold
        # the error for ever.
        better = explained(error, self._path, query_only=self._query_only())
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_AUTH:
            self._explain_refusal(error)
        self._broken = self._broken or isinstance(better, DatabaseCorrupt | DatabaseIOError)
        return Failure(better, type(better), better.__traceback__)

    def _explain_refusal(self, error: BaseException) -> None:
        connection = self._connection
        if connection is not None and connection.refused is not None:
            name, connection.refused = connection.refused, None
            error.args = (f"URIs are not read, give the path of the file to ATTACH: {name!r}",)

    def _query_only(self) -> bool:
        if self._connection is None:
            return False
        try:
            asking = self._connection.cursor()
            asking.row_factory = None
            return bool(asking.execute("PRAGMA query_only").fetchone()[0])
        except sqlite3.Error:
            # Closed by what has failed, or too damaged to say.
            return False

    def _in_connection(self, job: Job) -> object:
        connection = self._connection or self._open()
        try:
            result = job.work(connection, *job.arguments)
        except BaseException:
            self.roll_back(connection)
            raise
        if self.roll_back(connection):
            raise TransactionError(
                f"{self._path}: a statement has begun a transaction and left it open, and it was "
                "rolled back: use 'async with pool.transaction()' or pool.runInteraction()"
            )
        return result

    def roll_back(self, connection: WorkerConnection) -> bool:
        """Undo what was not committed; called in the thread.

        Args:
            connection: The connection.

        Returns:
            Whether a transaction was open.
        """
        try:
            if not connection.in_transaction:
                return False
            connection.rollback()
        except sqlite3.Error:
            # What has it has closed it: the next job opens another.
            self._broken = True
            return False
        return True

    def must_stop(self) -> bool:
        """Tell whether nobody waits any more for what runs; called in the thread."""
        return any(job.cancelled for job in self._jobs)

    def _open(self) -> WorkerConnection:
        connection = self._connection = self._connect()
        connection.worker = self
        connection.set_progress_handler(self.must_stop, _STEPS)
        return connection

    def _disconnect(self) -> None:
        connection, self._connection, self._broken = self._connection, None, False
        if connection is not None:
            connection.close()
