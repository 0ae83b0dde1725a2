"""JSON-RPC 2.0 and 1.0: what the two ends say to each other, and a client that says it over HTTP.

`JsonRPC` is the client of cyclone 1.x, where each attribute is a method of the server; `JsonRpcClient` has
notifications and batches besides. The codec knows no network: bytes in, messages out.
"""

from cyclone_core.jsonrpc.batch import Batch
from cyclone_core.jsonrpc.client import JsonRpcClient
from cyclone_core.jsonrpc.codec import (
    decode_calls,
    decode_responses,
    encode_calls,
    encode_responses,
)
from cyclone_core.jsonrpc.errors import (
    InternalError,
    InvalidParamsError,
    InvalidRequestError,
    InvalidResponseError,
    JsonRpcError,
    MethodNotFoundError,
    ParseError,
)
from cyclone_core.jsonrpc.messages import Call, Notification, Request, Response
from cyclone_core.jsonrpc.proxy import JsonRPC, RemoteMethod

__all__ = [
    "Batch",
    "Call",
    "InternalError",
    "InvalidParamsError",
    "InvalidRequestError",
    "InvalidResponseError",
    "JsonRPC",
    "JsonRpcClient",
    "JsonRpcError",
    "MethodNotFoundError",
    "Notification",
    "ParseError",
    "RemoteMethod",
    "Request",
    "Response",
    "decode_calls",
    "decode_responses",
    "encode_calls",
    "encode_responses",
]
