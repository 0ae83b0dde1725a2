"""Every conformance case through the parser alone, whole and byte by byte."""

import pytest
from battery import PROBE, Read, differs
from tables import TABLES, identified

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import EndOfBody, RequestHead, RequestReader
from cyclone_core.limits import Limits

CASES = dict(identified())


class Listener:
    """Asks a reader for its events and notes what it has understood.

    Attributes:
        requests: What was understood, as `battery.differs` takes it; with `trailers`, and `complete`.
        refusals: The status of the mistake, if there was one; it is repeated at every call.
    """

    def __init__(self) -> None:
        self.requests: list[dict[str, object]] = []
        self.refusals: set[int] = set()
        self._reader = RequestReader(Limits())

    def feed(self, data: bytes) -> None:
        """Take a piece of what a client sends."""
        self._reader.receive_data(data)
        try:
            while (event := self._reader.next_event()) is not None:
                self._note(event)
        except HTTPInputError as error:
            self.refusals.add(error.status)

    def _note(self, event: RequestHead | bytes | EndOfBody) -> None:
        assert not self.refusals, "an event behind a mistake"
        if isinstance(event, RequestHead):
            self.requests.append(
                {
                    "method": event.method,
                    "uri": event.uri,
                    "version": event.version,
                    "host": event.host,
                    "body": "",
                    "headers": {
                        name: [value] if isinstance(value, str) else value
                        for name, value in event.headers.items()
                    },
                    "trailers": {},
                    "complete": not event.has_body,
                }
            )
        elif isinstance(event, EndOfBody):
            self.requests[-1] |= {"complete": True, "trailers": event.trailers}
        else:
            self.requests[-1]["body"] = str(self.requests[-1]["body"]) + event.decode("latin-1")


def _compared(read: Read, seen: dict[str, object]) -> list[str]:
    if read.complete is not seen["complete"]:
        return [f"complete is {seen['complete']}"]
    if not read.complete:
        seen = seen | {"body": ""}  # how much of it was passed on is nobody's business
    elif read.trailers != seen["trailers"]:
        return [f"trailers {seen['trailers']}, not {read.trailers}"]
    return differs(read, seen)


@pytest.mark.parametrize("size", [0, 1], ids=["whole", "bytes"])
@pytest.mark.parametrize("name", CASES)
def test_case(name: str, size: int) -> None:
    """The requests of the case come out, then its mistake and nothing behind it, or the probe."""
    case = CASES[name]
    data = case.data + case.then
    probed = case.kept or case.refused is not None
    if probed:
        data += PROBE
    listener = Listener()
    step = size or len(data) or 1
    for start in range(0, len(data), step):
        listener.feed(data[start : start + step])
    assert listener.refusals == ({case.refused} if case.refused else set())
    reads = list(case.reads)
    if probed and case.refused is None and all(read.complete for read in reads):
        reads.append(Read(uri="/probe", host="probe"))
    assert len(listener.requests) == len(reads), listener.requests
    for read, seen in zip(reads, listener.requests, strict=True):
        assert _compared(read, seen) == []


def test_there_are_enough() -> None:
    """No table has got lost."""
    assert len(CASES) >= 350
    assert min(map(len, TABLES.values())) >= 30
