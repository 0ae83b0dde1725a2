"""JSON-RPC 2.0 and 1.0 without a network: bytes in, messages out, and back.

The specifications are https://www.jsonrpc.org/specification and
https://www.jsonrpc.org/specification_v1; which of them a message follows, its member `jsonrpc` tells. In
1.0 there are neither batches nor named parameters; a notification has the id `null`.
"""

from collections.abc import Sequence
from typing import Any, Final

from cyclone_core.jsonrpc.errors import (
    InvalidRequestError,
    InvalidResponseError,
    JsonRpcError,
    ParseError,
    make_error,
)
from cyclone_core.jsonrpc.messages import Call, Notification, Request, Response, Version
from cyclone_core.jsonrpc.text import MAX_DEPTH, NestedTooDeeply, read_json, write_json

__all__ = ["MAX_BATCH", "decode_calls", "decode_responses", "encode_calls", "encode_responses"]

MAX_BATCH: Final = 50
"""How many calls a batch may hold, so that one small message cannot occupy a server for long."""

_ID_TYPES: Final = (str, int, float, type(None))


# The server's side.


def decode_calls(
    data: bytes | str, *, max_batch: int = MAX_BATCH, max_depth: int = MAX_DEPTH
) -> Call | Response | list[Call | Response]:
    """Read what a client has sent.

    Args:
        data: A call or a batch of calls; bytes are UTF-8.
        max_batch: How many calls a batch may hold.
        max_depth: How deep arrays and objects may be nested.

    Returns:
        A request or a notification; for a batch, which holds one at least, a list. In place of what is no
        call there is a `Response`: its error is what the client is to be told.
    """
    try:
        message = read_json(data, max_depth)
    except NestedTooDeeply as error:
        return Response(None, error=ParseError(data=str(error)))
    except ValueError:
        return Response(None, error=ParseError())
    if not isinstance(message, list):
        return _read_call(message)
    if not message:
        return Response(None, error=InvalidRequestError())
    if len(message) > max_batch:
        why = f"a batch holds {max_batch} calls at most, not {len(message)}"
        return Response(None, error=InvalidRequestError(data=why))
    # What has no `jsonrpc` is of 1.0, which knows no batches: in one it is a mistake in 2.0.
    return [_read_call_2(each) for each in message]


def encode_responses(responses: Response | Sequence[Response]) -> bytes:
    """Write what a client is told.

    Args:
        responses: A response; for a batch a list of them, without those to notifications.

    Returns:
        The text, in ASCII; empty if the list is.

    Raises:
        TypeError: A result or the data of an error cannot be said in JSON.
        ValueError: One contains itself, is nested too deeply, or holds NaN or an infinity.
    """
    if isinstance(responses, Response):
        return write_json(_response_object(responses))
    return write_json([_response_object(each) for each in responses]) if responses else b""


def _read_call(message: object) -> Call | Response:
    if isinstance(message, dict) and message.get("jsonrpc", "1.0") == "1.0":
        return _read_call_1(message)
    return _read_call_2(message)


def _read_call_2(message: object) -> Call | Response:
    if not isinstance(message, dict):
        return Response(None, error=InvalidRequestError())
    method = message.get("method")
    params = message.get("params", [])
    number = message.get("id")
    if type(number) not in _ID_TYPES:
        return Response(None, error=InvalidRequestError())
    if (
        message.get("jsonrpc") != "2.0"
        or not isinstance(method, str)
        or not isinstance(params, (list, dict))
    ):
        return Response(number, error=InvalidRequestError())
    return Request(method, params, number) if "id" in message else Notification(method, params)


def _read_call_1(message: dict[str, Any]) -> Call | Response:
    method = message.get("method")
    params = message.get("params")
    if params is None:  # cyclone 1.x has not asked for them
        params = []
    number = message.get("id")
    if not isinstance(method, str) or not isinstance(params, list) or "id" not in message:
        return Response(number, error=InvalidRequestError(), version="1.0")
    if number is None:
        return Notification(method, params, "1.0")
    return Request(method, params, number, "1.0")


def _response_object(response: Response) -> dict[str, Any]:
    number, result, error, version = response
    said = None if error is None else error.to_object()
    if version == "1.0":
        return {"result": None if said else result, "error": said, "id": number}
    if said is None:
        return {"jsonrpc": "2.0", "result": result, "id": number}
    return {"jsonrpc": "2.0", "error": said, "id": number}


# The client's side.


def encode_calls(calls: Call | Sequence[Call]) -> bytes:
    """Write what a server is asked.

    Args:
        calls: A request or a notification; for a batch a list of them.

    Returns:
        The text, in ASCII.

    Raises:
        TypeError: The parameters cannot be said in JSON, or in 1.0 they are named.
        ValueError: They contain themselves, are nested too deeply, or hold NaN or an infinity; or it is
            a batch without calls, or with one of 1.0.
    """
    if isinstance(calls, (Request, Notification)):
        return _write_call(calls)
    if not calls:
        raise ValueError("a batch has one call at least")
    if any(call.version == "1.0" for call in calls):
        raise ValueError("JSON-RPC 1.0 has no batches: use version 2.0")
    return b"[%b]" % b",".join([_write_call(call) for call in calls])


def decode_responses(data: bytes | str, *, max_depth: int = MAX_DEPTH) -> Response | list[Response]:
    """Read what a server has answered.

    Errors are read generously, in the forms that servers of 1.0 give them: an object that has a `message`
    or not, or text.

    Args:
        data: A response or a batch of responses; bytes are UTF-8.
        max_depth: How deep arrays and objects may be nested.

    Returns:
        The response; for a batch a list.

    Raises:
        InvalidResponseError: That is no JSON-RPC.
    """
    try:
        message = read_json(data, max_depth)
    except ValueError as error:
        raise InvalidResponseError(f"the answer is no JSON: {error}") from None
    if isinstance(message, list):
        return [_read_response(each) for each in message]
    return _read_response(message)


def _write_call(call: Call) -> bytes:
    members = _call_object(call)
    said = f"the parameters of {call.method}() cannot be said in JSON"
    try:
        return write_json(members)
    except TypeError as error:
        raise TypeError(f"{said}: {error}") from None
    except ValueError as error:
        raise ValueError(f"{said}: {error}") from None


def _call_object(call: Call) -> dict[str, Any]:
    if call.version == "2.0":
        members: dict[str, Any] = {"jsonrpc": "2.0", "method": call.method}
        if call.params:
            members["params"] = call.params
        if isinstance(call, Request):
            members["id"] = call.id
        return members
    if isinstance(call.params, dict):
        raise TypeError(
            f"{call.method}() is called with named parameters, which JSON-RPC 1.0 has not: give them by"
            " position, or use version 2.0"
        )
    number = call.id if isinstance(call, Request) else None
    return {"method": call.method, "params": call.params, "id": number}


def _read_response(message: object) -> Response:
    if not isinstance(message, dict):
        raise InvalidResponseError("the answer is JSON, but no object, and so no JSON-RPC")
    version: Version = "2.0" if message.get("jsonrpc") == "2.0" else "1.0"
    if message.get("jsonrpc", version) != version:
        raise InvalidResponseError(f"the answer is of JSON-RPC {message['jsonrpc']!r:.40}")
    if type(message.get("id", ())) not in _ID_TYPES:
        raise InvalidResponseError("the answer has no id, or one that is no text and no number")
    error = message.get("error")
    if error is None:
        if "result" not in message:
            raise InvalidResponseError("the answer has neither a result nor an error")
        return Response(message["id"], message["result"], None, version)
    if message.get("result") is not None:
        raise InvalidResponseError("the answer has both a result and an error")
    return Response(message["id"], None, _read_error(error), version)


def _read_error(error: object) -> JsonRpcError:
    if not isinstance(error, dict):
        return make_error(0, error if isinstance(error, str) else write_json(error).decode())
    code, message = error.get("code"), error.get("message")
    return make_error(
        code if type(code) is int else 0,
        message if isinstance(message, str) else write_json(error).decode(),
        error.get("data"),
    )
