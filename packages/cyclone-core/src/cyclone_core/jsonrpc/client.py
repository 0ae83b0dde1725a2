"""The client of JSON-RPC over HTTP."""

from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar, Unpack

from twisted.internet.defer import Deferred, succeed

from cyclone_core.jsonrpc.batch import Batch
from cyclone_core.jsonrpc.codec import decode_responses, encode_calls
from cyclone_core.jsonrpc.errors import InvalidResponseError
from cyclone_core.jsonrpc.messages import (
    Call,
    Notification,
    Request,
    Response,
    Version,
    make_params,
)
from cyclone_core.jsonrpc.text import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from cyclone_core.httpclient.async_client import AsyncHTTPClient
    from cyclone_core.httpclient.request import FetchOptions
    from cyclone_core.httpclient.response import HTTPResponse

__all__ = ["MAX_BODY_SIZE", "Fetcher", "JsonRpcClient"]

MAX_BODY_SIZE: Final = 10 * 1024 * 1024
"""Bytes of an answer. As Python objects they take some ten times as much."""

_T = TypeVar("_T")

_OK: Final = 200
_SUCCESS: Final = range(200, 300)

# Servers may write 1.0 for 1, but True is no number.
_NUMBERS: Final = (int, float)

_NOT_OPTIONS: Final = frozenset(
    {"method", "body", "body_producer", "form", "files", "json", "streaming_callback"}
)

_CONTENT_TYPES: Final = {"1.0": "application/json-rpc", "2.0": "application/json"}
_ACCEPTED: Final = {"1.0": "application/json-rpc, application/json", "2.0": "application/json"}


class Fetcher(Protocol):
    """What asks the server: an `AsyncHTTPClient`, an `HTTPClient`, or what a test has in their place."""

    def fetch(
        self, request: str, raise_error: bool = ..., **kwargs: "Unpack[FetchOptions]"
    ) -> "Deferred[HTTPResponse]":
        """Ask, see `AsyncHTTPClient.fetch`."""


class JsonRpcClient:
    """Calls the methods of a server, which answers with JSON-RPC 1.0 or 2.0 over HTTP.

    `JsonRPC` does the same with less to write.

    Example:
        >>> async def sums(url):
        ...     async with JsonRpcClient(url, version="2.0") as client:
        ...         await client.notify("log", "two sums are wanted")
        ...         batch = client.batch()
        ...         batch.call("add", 1, 2)
        ...         batch.call("add", a=3, b=4)
        ...         return [response.get() for response in await batch.send()]
    """

    def __init__(
        self,
        url: str,
        *,
        version: Version = "1.0",
        client: Fetcher | None = None,
        reactor: Any = None,  # noqa: ANN401 -- several interfaces
        max_depth: int = MAX_DEPTH,
        timeout: float | None = None,
        proxy: "tuple[str, int] | str | None" = None,
        followRedirect: bool | int = 0,  # noqa: N803 -- cyclone's name
        maxRedirects: int | None = None,  # noqa: N803 -- cyclone's name
        **options: Any,  # noqa: ANN401 -- those of RequestOptions
    ) -> None:
        """Make a client; it connects when something is called.

        Args:
            url: Where the server listens to POST.
            version: `"1.0"`, as cyclone 1.x speaks it, or `"2.0"`.
            client: What asks; by default an `AsyncHTTPClient` of its own, which is closed with `close`,
                or when this object is collected.
            reactor: The reactor of that client; by default the installed one.
            max_depth: How deep arrays and objects of an answer may be nested.
            timeout: Seconds until there is a connection: cyclone's name of `connect_timeout`.
            proxy: Host and port of a proxy, as cyclone has it, or its URL.
            followRedirect: Cyclone's name of `follow_redirects`, which is off: a redirect other than 307
                and 308 makes a GET of the call.
            maxRedirects: Cyclone's name of `max_redirects`.
            options: All arguments of `HTTPRequest`: `request_timeout`, `auth_username`, `ca_certs` and so
                on. `max_body_size`, the bytes of an answer, is 10 MiB by default.

        Raises:
            TypeError: An argument is unknown, has another type, or says what the call itself says.
            ValueError: There is no such version, or a header is none.
        """
        from cyclone_core.httpclient.request import HTTPRequest

        if version not in _CONTENT_TYPES:
            raise ValueError(f"version is '1.0' or '2.0', not {version!r}")
        if refused := sorted(_NOT_OPTIONS.intersection(options)):
            raise TypeError(
                f"{', '.join(refused)}: method and body of a request are those of a call"
            )
        options = {
            "follow_redirects": bool(followRedirect),
            "max_redirects": maxRedirects,
            "connect_timeout": timeout,
            "max_body_size": MAX_BODY_SIZE,
            **options,
        }
        if isinstance(proxy, tuple):
            options["proxy_host"], options["proxy_port"] = proxy
        else:
            options["proxy"] = proxy
        # What is wrong with the options is said now and not at the first call.
        headers = HTTPRequest(url, "POST", **options).headers
        headers.setdefault("Content-Type", _CONTENT_TYPES[version])
        headers.setdefault("Accept", _ACCEPTED[version])
        self._options = {**options, "headers": headers}
        self._url = url
        self._version: Version = version
        self._client = client
        self._own: AsyncHTTPClient | None = None
        self._closed = False
        self._reactor = reactor
        self._max_depth = max_depth
        self._ids = count()

    def call(self, method: str, /, *args: Any, **kwargs: Any) -> Deferred[Any]:  # noqa: ANN401 -- any JSON
        """Call a method of the server.

        Args:
            method: Its name.
            args: Its parameters by position.
            kwargs: Its parameters by name, in 2.0; not both.

        Returns:
            A Deferred that fires with the result. It fails with `JsonRpcError` if the server says that
            the call has failed, with `InvalidResponseError` if what it says is no answer, and with
            `HTTPClientError` if the status is not 200 or there is no answer. To cancel it ends the
            request; whether the server has done what it was asked, nobody knows then.

        Raises:
            TypeError: The parameters cannot be said in JSON, or in 1.0 they are named.
            ValueError: They hold NaN, an infinity or themselves.
        """
        request = Request(method, make_params(method, args, kwargs), next(self._ids), self._version)
        return self._post(request, partial(self._result, request))

    def notify(self, method: str, /, *args: Any, **kwargs: Any) -> Deferred[None]:  # noqa: ANN401 -- as above
        """Call a method of the server without asking for its result.

        Args:
            method: Its name.
            args: Its parameters by position.
            kwargs: Its parameters by name, in 2.0; not both.

        Returns:
            A Deferred that fires when the server has got it. It fails with `HTTPClientError` if there is
            no answer, or its status is none of 200 to 299. What became of the call is not known.

        Raises:
            TypeError: As above.
            ValueError: As above.
        """
        call = Notification(method, make_params(method, args, kwargs), self._version)
        return self._post(call, self._accepted)

    def batch(self) -> "Batch":
        """Collect calls that are sent together, in 2.0.

        Returns:
            A batch without calls.

        Raises:
            ValueError: The client speaks 1.0, which has no batches.
        """
        if self._version == "1.0":
            raise ValueError("JSON-RPC 1.0 has no batches: make the client with version='2.0'")
        return Batch(self._ids, self._send_batch)

    def close(self) -> Deferred[None]:
        """Close the connections, unless they belong to a client that was given.

        What is under way fails with `HTTPClientError`.

        Returns:
            A Deferred that fires when no connection is left; one need not wait for it.
        """
        self._closed = True
        return succeed(None) if self._own is None else self._own.close()

    async def __aenter__(self) -> Self:
        """Begin a block at whose end the client is closed."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: "TracebackType | None",
    ) -> None:
        """Close the client."""
        await self.close()

    def _send_batch(self, calls: list[Call]) -> "Deferred[list[Response]]":
        wanted = [call.id for call in calls if isinstance(call, Request)]
        if not calls:
            return succeed([])
        if not wanted:
            return self._post(calls, self._accepted).addCallback(lambda _: [])
        return self._post(calls, partial(self._results, wanted))

    def _post(self, calls: Call | list[Call], read: "Callable[[HTTPResponse], _T]") -> Deferred[_T]:
        body = encode_calls(calls)
        asked = self._fetcher().fetch(self._url, False, method="POST", body=body, **self._options)
        return asked.addCallback(read)

    def _fetcher(self) -> Fetcher:
        if self._closed:
            raise RuntimeError("this client is closed: make another one")
        if self._client is None:
            from cyclone_core.httpclient.async_client import AsyncHTTPClient

            self._client = self._own = AsyncHTTPClient(reactor=self._reactor)
        return self._client

    def _result(self, request: Request, response: "HTTPResponse") -> Any:  # noqa: ANN401 -- any JSON
        answer = self._read(response)
        if isinstance(answer, list):
            raise InvalidResponseError(f"a batch answers the call of {request.method}()")
        if answer.error is not None and answer.id is None:
            raise answer.error  # the server could not read the id
        if type(answer.id) not in _NUMBERS or answer.id != request.id:
            raise InvalidResponseError(
                f"the answer to {request.method}() is that to another call: its id is {answer.id!r:.40}"
                f" and not {request.id}"
            )
        return answer.get()

    def _results(self, wanted: list[int], response: "HTTPResponse") -> list[Response]:
        answers = self._read(response)
        if not isinstance(answers, list):
            answers.get()  # what is wrong with the batch as a whole
            raise InvalidResponseError("a single response answers a batch")
        missing = set(wanted)
        found: dict[int, Response] = {}
        for answer in answers:
            if answer.error is not None and answer.id is None:
                raise answer.error  # of which call, nobody knows
            if type(answer.id) not in _NUMBERS or answer.id not in missing:
                raise InvalidResponseError(
                    f"the answer to a batch has one with the id {answer.id!r:.40}, which was not asked"
                    " for, or twice"
                )
            missing.remove(answer.id)
            found[answer.id] = answer
        if missing:
            raise InvalidResponseError(
                f"the answer to a batch of {len(wanted)} calls has {len(found)} responses"
            )
        return [found[number] for number in wanted]

    def _read(self, response: "HTTPResponse") -> Response | list[Response]:
        """Read an answer; with another status than 200 it is one only if it says what went wrong."""
        if response.code == _OK:
            return decode_responses(response.body, max_depth=self._max_depth)
        if self._version == "2.0":
            try:
                answer = decode_responses(response.body, max_depth=self._max_depth)
            except InvalidResponseError:
                answer = []
            if isinstance(answer, Response) and answer.error is not None:
                return answer
        raise _http_error(response)

    @staticmethod
    def _accepted(response: "HTTPResponse") -> None:
        if response.code not in _SUCCESS:
            raise _http_error(response)


def _http_error(response: "HTTPResponse") -> BaseException:
    from cyclone_core.httpclient.errors import HTTPClientError

    # Redirects that lead nowhere have an error of their own.
    return response.error or HTTPClientError(response.code, response.reason, response)
