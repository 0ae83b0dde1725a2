"""Changing answers on their way out."""

from collections.abc import Mapping
from typing import Any

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest

__all__ = ["OutputTransform", "default_transforms", "make_transforms"]


class OutputTransform:
    """Changes the answers of an application; one object for each answer (Tornado and cyclone)."""

    def __init__(self, request: HTTPServerRequest) -> None:
        """Look at the request that is answered."""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Change the head of the answer, and the first piece of its body."""
        del finishing
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """Change a further piece of the body."""
        del finishing
        return chunk


def default_transforms(settings: Mapping[str, Any]) -> list[type[OutputTransform]]:
    """Choose the transforms that an application's settings ask for."""
    del settings
    return []


def make_transforms(
    kinds: list[type[OutputTransform]], request: HTTPServerRequest
) -> list[OutputTransform]:
    """Make the transforms of one answer."""
    return [kind(request) for kind in kinds]
