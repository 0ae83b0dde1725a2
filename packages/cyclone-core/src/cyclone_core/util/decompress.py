"""Decompressing gzip step by step."""

import warnings
import zlib
from typing import Final

__all__ = ["GzipDecompressor"]

_GZIP: Final = zlib.MAX_WBITS + 16
_MAGIC: Final = b"\x1f\x8b"


class GzipDecompressor:
    """Decompresses a stream of any number of gzip members (Tornado: `util.GzipDecompressor`).

    The interface is that of `zlib.decompressobj`. Requests are decompressed by the server, see the
    setting `decompress_request`; this is for data of other origin.

    Attributes:
        unconsumed_tail: Input that is left over because of `max_length`, or because a member has
            ended; it goes into the next call of `decompress`.
    """

    def __init__(self) -> None:
        """Begin before the first member."""
        self.unconsumed_tail = b""
        self._member: zlib._Decompress | None = None

    def decompress(self, value: bytes, max_length: int = 0) -> bytes:
        """Decompress some input.

        Args:
            value: The `unconsumed_tail` of the last call and, if that was empty, more.
            max_length: Bytes that are returned at most. 0 is deprecated: a little input can become
                very much.

        Returns:
            What could be decompressed; it may be nothing while `unconsumed_tail` holds something.

        Raises:
            zlib.error: The input is no gzip.
        """
        if max_length:
            return self._step(value, max_length)
        warnings.warn(
            "decompress() without max_length may fill the memory", DeprecationWarning, stacklevel=2
        )
        pieces = [self._step(value, 0)]
        while self.unconsumed_tail:
            pieces.append(self._step(self.unconsumed_tail, 0))
        return b"".join(pieces)

    def flush(self) -> bytes:
        """Make sure that the input was complete; call it once, at the end.

        Returns:
            Nothing: all output was returned before.

        Raises:
            ValueError: Some of the input was not passed back.
            zlib.error: The input ended in the middle of a member.
        """
        if self.unconsumed_tail:
            raise ValueError("pass unconsumed_tail to decompress() until it is empty, then flush()")
        if self._member is not None:
            raise zlib.error("the input ends in the middle of a gzip member")
        return b""

    def _step(self, value: bytes, max_length: int) -> bytes:
        self.unconsumed_tail = b""
        if not value:
            return b""
        member = self._member
        if member is None:
            if not _MAGIC.startswith(value[: len(_MAGIC)]):
                raise zlib.error(f"expected a gzip member, not {value[: len(_MAGIC)]!r}")
            self._member = member = zlib.decompressobj(_GZIP)
        piece = member.decompress(value, max_length)
        if member.eof:
            # `unconsumed_tail` of the member may hold the same once more.
            self.unconsumed_tail = member.unused_data
            self._member = None
        else:
            self.unconsumed_tail = member.unconsumed_tail
        return piece
