"""What a WSGI application sees of a request (PEP 3333, RFC 3875 section 4.1)."""

import io
from typing import Any, BinaryIO, Final
from urllib.parse import unquote_to_bytes

from cyclone_core.httputil import HTTPServerRequest, split_host_and_port
from cyclone_core.wsgi.errors import ErrorStream

__all__ = ["FileWrapper", "make_environ", "split_path"]

# A client that sends `Proxy` would set HTTP_PROXY for whatever the application calls (CVE-2016-1000111).
# The others have variables of their own, or are no longer true of the body that the application gets.
_LEFT_OUT: Final = frozenset({"Proxy", "Content-Type", "Content-Length", "Transfer-Encoding"})

_PORTS: Final = {"http": "80", "https": "443"}


class FileWrapper:
    """The `wsgi.file_wrapper`: a file as an iterable.

    If it wraps a plain binary file, that is sent without occupying a thread.

    Attributes:
        filelike: The file.
        block_size: Bytes that are read at once.
    """

    def __init__(self, filelike: BinaryIO, block_size: int = 64 * 1024) -> None:
        """Wrap a file.

        Args:
            filelike: Anything that can be read; it is closed if it can be.
            block_size: Bytes that are read at once.
        """
        self.filelike = filelike
        self.block_size = block_size

    def __iter__(self) -> "FileWrapper":
        """Return the object itself."""
        return self

    def __next__(self) -> bytes:
        """Read the next block."""
        block = self.filelike.read(self.block_size)
        if not block:
            raise StopIteration
        return block

    def close(self) -> None:
        """Close the file, if it can be closed."""
        close = getattr(self.filelike, "close", None)
        if close is not None:
            close()


def split_path(path: str, script_name: str) -> tuple[str, str] | None:
    """Decode a path, and divide it into where the application is and what it is asked for.

    Args:
        path: The path of a request, percent-encoded.
        script_name: Where the application is: empty, or `/name` without a percent sign.

    Returns:
        `SCRIPT_NAME` and `PATH_INFO`, their bytes as latin-1 text; None if the path is elsewhere.
    """
    decoded = unquote_to_bytes(path.encode("latin-1")).decode("latin-1")
    prefix = script_name.encode().decode("latin-1")
    if decoded != prefix and not decoded.startswith(f"{prefix}/") and prefix:
        return None
    return prefix, decoded[len(prefix) :]


def make_environ(
    request: HTTPServerRequest, script_name: str, path_info: str, errors: ErrorStream
) -> dict[str, Any]:
    """Make the environment of a call.

    Args:
        request: The request, with its body.
        script_name: Where the application is.
        path_info: What it is asked for.
        errors: Its `wsgi.errors`.

    Returns:
        A new dictionary. Header lines of one name are joined. Names with an underscore are left out:
        as variables they could not be told from those with a hyphen, which a proxy may have checked.
    """
    host, port = split_host_and_port(request.host)
    remote_ip = request.remote_ip or ""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": script_name,
        "PATH_INFO": path_info,
        "QUERY_STRING": request.query,
        "REQUEST_URI": request.uri,
        "RAW_URI": request.uri,
        "SERVER_NAME": host,
        "SERVER_PORT": _PORTS[request.protocol] if port is None else str(port),
        "SERVER_PROTOCOL": request.version,
        "SERVER_SOFTWARE": "cyclone",
        "REMOTE_ADDR": "" if remote_ip.startswith("unix:") else remote_ip,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.protocol,
        "wsgi.input": request.body_file,
        "wsgi.input_terminated": True,
        "wsgi.errors": errors,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,  # several processes may share a port
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    if request.protocol == "https":
        environ["HTTPS"] = "on"
    headers = request.headers
    content_type = headers.get("Content-Type")
    if content_type is not None:
        environ["CONTENT_TYPE"] = content_type
    # Not the header: a chunked body has none, that of a decompressed one is another.
    size = request.body_file.seek(0, io.SEEK_END)
    request.body_file.seek(0)
    if size or "Content-Length" in headers:
        environ["CONTENT_LENGTH"] = str(size)
    for name in headers:
        if name not in _LEFT_OUT and "_" not in name:
            joined = "; ".join(headers.get_list(name)) if name == "Cookie" else headers[name]
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = joined
    return environ
