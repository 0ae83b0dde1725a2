"""What goes to Redis and what comes back."""

from typing import TypeAlias

from cyclone_storage.redis.errors import ResponseError  # noqa: TC001 -- a part of a type that exists

__all__ = ["Key", "Reply", "Result", "Value"]

Key: TypeAlias = str | bytes
"""The name of a key; text is encoded with the connection's charset."""

Value: TypeAlias = str | bytes | int | float
"""What a key, a field or a member may hold; numbers are sent as their decimal text.

None and `bool` are refused with InvalidData, though a `bool` is an `int`: Redis has neither.
"""

Reply: TypeAlias = str | bytes | int | float | list["Reply"] | None
"""An answer after conversion: text that looks like a number is one where numbers are converted."""

Result: TypeAlias = "Reply | ResponseError"
"""The answer to one command of a transaction: an error does not end the others."""
