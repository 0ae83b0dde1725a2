"""What replies become: the conversions that programs rely on.

Each is given the reply of one command that went well; what has another shape than the command's reply
(None, above all) it leaves as it is.
"""

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


def truth(reply: object) -> object:
    """Make a bool of 0 or 1."""
    return bool(reply) if isinstance(reply, int) else reply


def flags(reply: object) -> object:
    """Make a bool of each 0 or 1."""
    return [truth(each) for each in reply] if isinstance(reply, list) else reply


def members(reply: object) -> object:
    """Make a set of the members of a set."""
    return set(reply) if isinstance(reply, list) else reply


def mapping(reply: object) -> object:
    """Make a dict of names and values in turn."""
    if isinstance(reply, list):
        return dict(zip(reply[::2], reply[1::2], strict=True))
    return reply


def mappings(reply: object) -> object:
    """Make a dict of each list of names and values in turn."""
    return [mapping(each) for each in reply] if isinstance(reply, list) else reply


def integers(reply: object) -> object:
    """Make integers of texts, which they are where numbers are not converted."""
    return [int(each) for each in reply] if isinstance(reply, list) else reply


def score(reply: object) -> object:
    """Make a number of a score, which is text if it is infinite, has an exponent, or nothing converts it."""
    if not isinstance(reply, (str, bytes)):
        return reply
    try:
        return int(reply)
    except ValueError:
        return float(reply)


def scores(reply: object) -> object:
    """Make a number of each score."""
    return [score(each) for each in reply] if isinstance(reply, list) else reply


def with_scores(reply: object) -> object:
    """Make pairs of members and scores that come in turn; the scores are floats."""
    if isinstance(reply, list):
        pairs = zip(reply[::2], reply[1::2], strict=True)
        return [(member, float(number)) for member, number in pairs]
    return reply


def key_member_score(reply: object) -> object:
    """Make a tuple of what a blocking pop of a sorted set gave; the score is a float."""
    if isinstance(reply, list):
        key, member, number = reply
        return key, member, float(number)
    return reply


def cursor_and_items(reply: object) -> object:
    """Make an integer of the cursor of a scan, also where numbers are not converted: 0 ends a loop."""
    if isinstance(reply, list):
        cursor, items = reply
        return [int(cursor), items]
    return reply


def records(reply: object) -> object:
    """Make a dict of each line of `name=value` pairs."""
    if isinstance(reply, bytes):
        reply = reply.decode("utf-8", "replace")
    if isinstance(reply, str):
        lines = reply.splitlines()
        return [dict(pair.split("=", 1) for pair in line.split(" ")) for line in lines]
    return reply


def info(reply: object) -> object:
    """Make a dict of the lines `name:value` of INFO; the values stay text."""
    if isinstance(reply, bytes):
        reply = reply.decode("utf-8", "replace")
    if isinstance(reply, str):
        lines = (line for line in reply.split("\r\n") if ":" in line and line[0] != "#")
        return dict(line.split(":", 1) for line in lines)
    return reply


def _fields(fields: object) -> object:
    # None: the entry is one that a consumer was given, and has been deleted since.
    return {} if fields is None else mapping(fields)


def stream_entries(reply: object) -> object:
    """Make pairs of ids and fields of the entries of a stream; what has been deleted is left out."""
    if isinstance(reply, list):
        return [(entry[0], _fields(entry[1])) for entry in reply if entry is not None]
    return reply


def streams(reply: object) -> object:
    """Make a dict of entries by stream, empty if none has come."""
    if reply is None:
        return {}
    if isinstance(reply, list):
        return {key: stream_entries(entries) for key, entries in reply}
    return reply


def stream_claimed(reply: object) -> object:
    """Make a pair of the next id and of entries of what XAUTOCLAIM gives."""
    return (reply[0], stream_entries(reply[1])) if isinstance(reply, list) else reply


def stream_pending(reply: object) -> object:
    """Make a dict of the summary of XPENDING."""
    if isinstance(reply, list):
        pending, lowest, highest, consumers = reply
        counts = {name: int(number) for name, number in consumers or ()}
        return {"pending": pending, "min": lowest, "max": highest, "consumers": counts}
    return reply
