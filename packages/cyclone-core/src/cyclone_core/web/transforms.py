"""Which transforms change the answers of an application on their way out, and the old kinds of them."""

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any, ClassVar, Final, cast

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.web.compression import compression
from cyclone_core.web.output_transform import OutputTransform

__all__ = [
    "ChunkedTransferEncoding",
    "OutputTransform",
    "adapt_transform",
    "default_transforms",
    "make_transforms",
]

Kind = Callable[[HTTPServerRequest], OutputTransform]
"""What makes a transform of a request: nearly always a class."""

# What `transform_first_chunk` takes, with `self`.
_WITH_STATUS: Final = 5
_WITHOUT_STATUS: Final = 4

# More than an application has.
_MAX_ADAPTED: Final = 256


class ChunkedTransferEncoding(OutputTransform):
    """Does nothing (Tornado and cyclone 1.x).

    Chunks are the connection's business: every answer gets them that comes in pieces without a length.
    The name is kept for lists of transforms that have it.
    """


class _PairTransform(OutputTransform):
    """Makes of a transform that knows no status (Tornado up to 2, cyclone up to 0.4) one of today."""

    kind: ClassVar[Callable[[HTTPServerRequest], Any]]

    def __init__(self, request: HTTPServerRequest) -> None:
        self._transform = type(self).kind(request)

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        headers, chunk = self._transform.transform_first_chunk(headers, chunk, finishing)
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        changed: bytes = self._transform.transform_chunk(chunk, finishing)
        return changed


def adapt_transform(kind: Kind) -> Kind:
    """Find out which signature a transform has.

    Args:
        kind: A class with `transform_first_chunk` and `transform_chunk`. The first of them takes
            `(status_code, headers, chunk, finishing)` and returns the first three, as in Tornado and
            cyclone 1.x; or it takes and returns no status, as in what came before. Any other callable
            that makes such an object of a request is taken as it is.

    Returns:
        What makes a transform that takes the status.

    Raises:
        TypeError: It is nothing of that.
    """
    if not isinstance(kind, type):
        if not callable(kind):
            raise TypeError(f"a transform is a class such as GZipContentEncoding, not {kind!r}")
        return kind
    for name in ("transform_first_chunk", "transform_chunk"):
        if not callable(getattr(kind, name, None)):
            raise TypeError(f"the transform {kind.__qualname__} has no method {name}()")
    takes = signature(cast("Any", kind).transform_first_chunk)
    for count in (_WITH_STATUS, _WITHOUT_STATUS):
        try:
            takes.bind(*[None] * count)
        except TypeError:
            continue
        return cast("Kind", kind) if count == _WITH_STATUS else _adapter(kind)
    raise TypeError(
        f"{kind.__qualname__}.transform_first_chunk() must take status_code, headers, chunk and"
        f" finishing, not {takes}"
    )


def _adapter(kind: type) -> Kind:
    return type(kind.__name__, (_PairTransform,), {"kind": staticmethod(kind)})


class _Adapted(dict[Kind, Kind]):
    """What `adapt_transform` has said of each class, so that no request has to ask it."""

    def __missing__(self, kind: Kind) -> Kind:
        if len(self) >= _MAX_ADAPTED:  # a program that goes on making classes
            self.clear()
        self[kind] = adapted = adapt_transform(kind)
        return adapted


_adapted: Final = _Adapted()


def default_transforms(settings: Mapping[str, Any]) -> list[type[OutputTransform]]:
    """Choose the transforms that an application's settings ask for.

    Args:
        settings: The settings, of which those have a meaning here that begin with `compress_`, and
            `gzip`; see `cyclone_core.web.compression`.

    Returns:
        A new list.

    Raises:
        ValueError: A setting has a wrong type or value; the message names it.
    """
    kind = compression(settings)
    return [] if kind is None else [kind]


def make_transforms(kinds: Sequence[Kind], request: HTTPServerRequest) -> list[OutputTransform]:
    """Make the transforms of one answer.

    Args:
        kinds: What makes them, as in `Application.transforms`.
        request: The request that is answered.

    Returns:
        The transforms.

    Raises:
        TypeError: One of them is no transform; see `adapt_transform`.
    """
    if len(kinds) == 1:  # the usual case; a comprehension would cost half as much again
        return [_adapted[kinds[0]](request)]
    return [_adapted[kind](request) for kind in kinds]
