"""JSON-RPC as a program uses it; only type checkers read this."""

from typing import Any, assert_type

from twisted.internet.defer import Deferred

from cyclone_core import httpclient
from cyclone_core.jsonrpc import (
    Batch,
    Call,
    InvalidParamsError,
    JsonRPC,
    JsonRpcClient,
    JsonRpcError,
    RemoteMethod,
    Request,
    Response,
    decode_calls,
    decode_responses,
    encode_calls,
    encode_responses,
)


async def call(url: str) -> None:
    """Call methods of a server."""
    server = httpclient.JsonRPC(url, timeout=5, version="2.0")
    assert_type(server, JsonRPC)
    assert_type(server.system.list, RemoteMethod)
    assert_type(server.add(1, b=2), Deferred[Any])
    http = httpclient.AsyncHTTPClient()
    async with JsonRpcClient(url, version="2.0", client=http, request_timeout=3) as client:
        assert_type(await client.notify("log", "x"), None)
        batch = client.batch().call("add", 1, 2).notify("log", a=1)
        assert_type(batch, Batch)
        assert_type(await batch.send(), list[Response])
        JsonRPC(client).add(1, 2)
    JsonRpcClient(url, client=httpclient.HTTPClient())


def answer(data: bytes) -> bytes:
    """Answer as a server does."""
    calls = decode_calls(data, max_batch=10, max_depth=5)
    assert_type(calls, Call | Response | list[Call | Response])
    if isinstance(calls, Request):
        assert_type(calls.params, list[Any] | dict[str, Any])
        return encode_responses(Response(calls.id, error=InvalidParamsError(data=[1])))
    return encode_responses([])


def read(data: bytes) -> None:
    """Read as a client does."""
    response = decode_responses(data)
    if isinstance(response, Response):
        assert_type(response.error, JsonRpcError | None)
        assert_type(encode_calls(Request("a", [], 1)), bytes)
