"""What replies become: the conversions that programs rely on.

Each is given the reply of one command that went well. None, with which a server says that there is nothing,
stays None; what else is no reply of such a command is refused: it may be another command's.
"""

from typing import Any

from cyclone_storage.redis.commands.shapes import shaped

__all__ = [
    "cursor_and_items",
    "flags",
    "info",
    "integers",
    "key_member_score",
    "mapping",
    "mappings",
    "members",
    "records",
    "score",
    "scores",
    "stream_claimed",
    "stream_entries",
    "stream_pending",
    "streams",
    "truth",
    "with_scores",
]


def _elements(reply: object) -> list[Any]:
    if isinstance(reply, list):
        return reply
    raise TypeError


def _number(reply: object) -> object:
    if not isinstance(reply, (str, bytes)):
        # A number, or what a class of one's own makes of one.
        if isinstance(reply, (list, Exception)):
            raise TypeError
        return reply
    try:
        return int(reply)
    except ValueError:
        return float(reply)


def _truth(reply: object) -> bool:
    if isinstance(reply, int):
        return bool(reply)
    raise TypeError


def _pairs(reply: object) -> Any:  # noqa: ANN401 -- an iterator of pairs
    elements = _elements(reply)
    return zip(elements[::2], elements[1::2], strict=True)


def _text(reply: object) -> str:
    if isinstance(reply, bytes):
        return reply.decode("utf-8", "replace")
    if isinstance(reply, str):
        return reply
    raise TypeError


def _entries(reply: object) -> list[Any]:
    # None in place of an entry: it was deleted. None in place of its fields: it is one that a consumer was
    # given, and has been deleted since.
    return [
        (identifier, {} if fields is None else dict(_pairs(fields)))
        for identifier, fields in (each for each in _elements(reply) if each is not None)
    ]


@shaped("0 or 1")
def truth(reply: object) -> object:
    """Make a bool of 0 or 1."""
    return _truth(reply)


@shaped("a list of 0 and 1")
def flags(reply: object) -> object:
    """Make a bool of each 0 or 1."""
    return [_truth(each) for each in _elements(reply)]


@shaped("a list of members")
def members(reply: object) -> object:
    """Make a set of the members of a set."""
    return set(_elements(reply))


@shaped("a list of names and values in turn")
def mapping(reply: object) -> object:
    """Make a dict of names and values in turn."""
    return dict(_pairs(reply))


@shaped("a list of lists of names and values in turn")
def mappings(reply: object) -> object:
    """Make a dict of each list of names and values in turn."""
    return [dict(_pairs(each)) for each in _elements(reply)]


@shaped("a list of integers")
def integers(reply: object) -> object:
    """Make integers of texts, which they are where numbers are not converted."""
    return [int(each) for each in _elements(reply)]


@shaped("a number")
def score(reply: object) -> object:
    """Make a number of a score, which is text if it is infinite, has an exponent, or nothing converts it."""
    return _number(reply)


@shaped("a list of numbers")
def scores(reply: object) -> object:
    """Make a number of each score; None stays, where there is no such member."""
    return [_number(each) for each in _elements(reply)]


@shaped("a list of members and scores in turn")
def with_scores(reply: object) -> object:
    """Make pairs of members and scores that come in turn; the scores are floats."""
    return [(member, float(number)) for member, number in _pairs(reply)]


@shaped("a key, a member and a score")
def key_member_score(reply: object) -> object:
    """Make a tuple of what a blocking pop of a sorted set gave; the score is a float."""
    key, member, number = _elements(reply)
    return key, member, float(number)


@shaped("a cursor and a list")
def cursor_and_items(reply: object) -> object:
    """Make an integer of the cursor of a scan, also where numbers are not converted: 0 ends a loop."""
    cursor, items = _elements(reply)
    return [int(cursor), _elements(items)]


@shaped("lines of `name=value`")
def records(reply: object) -> object:
    """Make a dict of each line of `name=value` pairs."""
    lines = _text(reply).splitlines()
    return [dict(pair.split("=", 1) for pair in line.split(" ")) for line in lines]


@shaped("lines of `name:value`")
def info(reply: object) -> object:
    """Make a dict of the lines `name:value` of INFO; the values stay text."""
    lines = (line for line in _text(reply).split("\r\n") if ":" in line and line[0] != "#")
    return dict(line.split(":", 1) for line in lines)


@shaped("a list of entries")
def stream_entries(reply: object) -> object:
    """Make pairs of ids and fields of the entries of a stream; what has been deleted is left out."""
    return _entries(reply)


@shaped("a list of streams and their entries")
def _streams(reply: object) -> object:
    return {key: _entries(entries) for key, entries in _elements(reply)}


def streams(reply: object) -> object:
    """Make a dict of entries by stream, empty if none has come."""
    return {} if reply is None else _streams(reply)


@shaped("an id, a list of entries, and since Redis 7 one of ids")
def stream_claimed(reply: object) -> object:
    """Make a pair of the next id and of entries of what XAUTOCLAIM gives."""
    identifier, entries, *_ = _elements(reply)
    return identifier, _entries(entries)


@shaped("a number, two ids and a list of consumers")
def stream_pending(reply: object) -> object:
    """Make a dict of the summary of XPENDING."""
    pending, lowest, highest, consumers = _elements(reply)
    counts = {name: int(number) for name, number in consumers or ()}
    return {"pending": pending, "min": lowest, "max": highest, "consumers": counts}
