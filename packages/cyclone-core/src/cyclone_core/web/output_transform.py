"""The interface of what changes answers on their way out."""

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest

__all__ = ["OutputTransform"]


class OutputTransform:
    """Changes the answers of an application; one object for each answer (Tornado and cyclone).

    Derive from it and name the class in `Application(transforms=[...])` or `add_transform`. The first
    transform sees what the handler has written, each other one what the one before it has made.
    """

    def __init__(self, request: HTTPServerRequest) -> None:
        """Look at the request that is answered.

        Args:
            request: The request.
        """

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Change the head of the answer, and the first piece of its body.

        Args:
            status_code: The status.
            headers: The header fields, which may be changed in place.
            chunk: The first piece of the body, `b""` if there is none yet.
            finishing: Whether that is the whole body.

        Returns:
            Status, headers and piece as they are sent.
        """
        del finishing
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """Change a further piece of the body.

        Args:
            chunk: The piece, `b""` if nothing was written since the last one.
            finishing: Whether it is the last one.

        Returns:
            The piece as it is sent.
        """
        del finishing
        return chunk
