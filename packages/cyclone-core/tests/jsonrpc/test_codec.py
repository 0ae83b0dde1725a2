"""JSON-RPC without a network."""

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.jsonrpc import (
    Call,
    InternalError,
    InvalidParamsError,
    InvalidRequestError,
    InvalidResponseError,
    JsonRpcError,
    MethodNotFoundError,
    Notification,
    ParseError,
    Request,
    Response,
    decode_calls,
    decode_responses,
    encode_calls,
    encode_responses,
)


def serve(data: bytes | str, **bounds: int) -> bytes:
    """Answer as the server of the specification's examples does."""
    calls = decode_calls(data, **bounds)
    if isinstance(calls, list):
        return encode_responses([found for each in calls if (found := answer(each))])
    found = answer(calls)
    return encode_responses(found) if found else b""


def answer(call: Request | Notification | Response) -> Response | None:
    """Do what is asked."""
    if isinstance(call, Response):
        return call
    if isinstance(call, Notification):
        return None
    methods = {"sum": lambda *terms: sum(terms), "get_data": lambda: ["hello", 5]}
    methods["subtract"] = lambda minuend, subtrahend: minuend - subtrahend
    if call.method not in methods:
        return Response(call.id, error=MethodNotFoundError(), version=call.version)
    method, params = methods[call.method], call.params
    result = method(**params) if isinstance(params, dict) else method(*params)
    return Response(call.id, result, version=call.version)


def error(code: int, message: str, number: object = None) -> dict[str, object]:
    """Make the response that tells of an error."""
    return {"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": number}


PARSE_ERROR = error(-32700, "Parse error")
INVALID = error(-32600, "Invalid Request")


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        # The examples of the specification, section 7.
        (
            '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
            {"jsonrpc": "2.0", "result": 19, "id": 1},
        ),
        (
            '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
            {"jsonrpc": "2.0", "result": -19, "id": 2},
        ),
        (
            (
                '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42},'
                ' "id": 3}'
            ),
            {"jsonrpc": "2.0", "result": 19, "id": 3},
        ),
        (
            (
                '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23},'
                ' "id": 4}'
            ),
            {"jsonrpc": "2.0", "result": 19, "id": 4},
        ),
        ('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', None),
        ('{"jsonrpc": "2.0", "method": "foobar"}', None),
        (
            '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
            error(-32601, "Method not found", "1"),
        ),
        ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', PARSE_ERROR),
        ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', INVALID),
        (
            (
                '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},'
                ' {"jsonrpc": "2.0", "method"]'
            ),
            PARSE_ERROR,
        ),
        ("[]", INVALID),
        ("[1]", [INVALID]),
        ("[1,2,3]", [INVALID, INVALID, INVALID]),
        (
            (
                '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},'
                ' {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},'
                ' {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},'
                ' {"foo": "boo"},'
                ' {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},'
                ' {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]'
            ),
            [
                {"jsonrpc": "2.0", "result": 7, "id": "1"},
                {"jsonrpc": "2.0", "result": 19, "id": "2"},
                INVALID,
                error(-32601, "Method not found", "5"),
                {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"},
            ],
        ),
        (
            (
                '[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},'
                ' {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]'
            ),
            None,
        ),
        # 1.0, and what cyclone 1.x has made of it.
        (
            '{"method": "subtract", "params": [42, 23], "id": 0}',
            {"result": 19, "error": None, "id": 0},
        ),
        ('{"method": "get_data", "id": [1]}', {"result": ["hello", 5], "error": None, "id": [1]}),
        (
            '{"method": "get_data", "params": null, "id": {}}',
            {"result": ["hello", 5], "error": None, "id": {}},
        ),
        (
            '{"jsonrpc": "1.0", "method": "get_data", "id": true}',
            {"result": ["hello", 5], "error": None, "id": True},
        ),
        ('{"method": "update", "params": [1], "id": null}', None),
        (
            '{"method": "foobar", "params": [], "id": 1}',
            {"result": None, "error": {"code": -32601, "message": "Method not found"}, "id": 1},
        ),
        *(
            (
                text,
                {
                    "result": None,
                    "error": {"code": -32600, "message": "Invalid Request"},
                    "id": number,
                },
            )
            for text, number in [
                ('{"foo": "boo"}', None),
                ("{}", None),
                ('{"method": "x", "params": []}', None),
                ('{"method": 1, "params": [], "id": 7}', 7),
                ('{"method": "x", "params": {"a": 1}, "id": 7}', 7),
                ('{"method": "x", "params": "bar", "id": [7]}', [7]),
            ]
        ),
        # What is nearly one.
        ("", PARSE_ERROR),
        ("1", INVALID),
        ("null", INVALID),
        ('"text"', INVALID),
        ("[[]]", [INVALID]),
        ('[{"method": "sum", "params": [], "id": 1}]', [error(-32600, "Invalid Request", 1)]),
        ('{"jsonrpc": 2.0, "method": "sum", "id": 1}', error(-32600, "Invalid Request", 1)),
        ('{"jsonrpc": "2.1", "method": "sum", "id": 1}', error(-32600, "Invalid Request", 1)),
        ('{"jsonrpc": null, "method": "sum", "id": 1}', error(-32600, "Invalid Request", 1)),
        ('{"jsonrpc": "2.0", "id": 1}', error(-32600, "Invalid Request", 1)),
        ('{"jsonrpc": "2.0", "method": null, "id": 1}', error(-32600, "Invalid Request", 1)),
        (
            '{"jsonrpc": "2.0", "method": "sum", "params": 1, "id": 1}',
            error(-32600, "Invalid Request", 1),
        ),
        (
            '{"jsonrpc": "2.0", "method": "sum", "params": null, "id": 1}',
            error(-32600, "Invalid Request", 1),
        ),
        ('{"jsonrpc": "2.0", "method": "sum", "id": true}', INVALID),
        ('{"jsonrpc": "2.0", "method": "sum", "id": [1]}', INVALID),
        ('{"jsonrpc": "2.0", "method": "sum", "id": {}}', INVALID),
        ('{"jsonrpc": "2.0", "method": "sum", "id": NaN}', PARSE_ERROR),
    ],
)
def test_server(asked: str, answered: object) -> None:
    """A server answers what the specifications say, to what is a call and to what is none."""
    for text in (asked, asked.encode()):
        said = serve(text)
        assert (json.loads(said) if said else None) == answered


@pytest.mark.parametrize(
    "number", ["0", "-7", "1.5", '""', '"1"', '"\\u20ac"', "null", "1" + "0" * 50]
)
def test_ids(number: str) -> None:
    """An id comes back as it was: text, a number with or without a fraction, null."""
    said = serve(f'{{"jsonrpc": "2.0", "method": "sum", "id": {number}}}')
    assert json.loads(said) == {"jsonrpc": "2.0", "result": 0, "id": json.loads(number)}


def test_calls() -> None:
    """What is read are requests and notifications of their version."""
    assert decode_calls('{"jsonrpc": "2.0", "method": "a"}') == Notification("a", [])
    assert decode_calls(
        '{"jsonrpc": "2.0", "method": "", "params": {"b": 1}, "id": null}'
    ) == Request("", {"b": 1}, None)
    assert decode_calls('{"method": "a", "params": [1], "id": 2}') == Request("a", [1], 2, "1.0")
    assert decode_calls('{"method": "a", "params": [1], "id": null}') == Notification(
        "a", [1], "1.0"
    )


def test_bounds() -> None:
    """A batch too long and a text too deep are refused as a whole, and the client learns why."""
    batch = json.dumps([{"jsonrpc": "2.0", "method": "sum", "id": 1}] * 51)
    refused = json.loads(serve(batch))
    assert (refused["error"]["code"], refused["id"]) == (-32600, None)
    assert refused["error"]["data"] == "a batch holds 50 calls at most, not 51"
    assert len(json.loads(serve(batch, max_batch=51))) == 51
    deep = '{"jsonrpc": "2.0", "method": "sum", "id": 1, "params": [[[]]]}'
    refused = json.loads(serve(deep, max_depth=3))
    assert refused["error"] == {
        "code": -32700,
        "message": "Parse error",
        "data": "nested more than 3 levels deep",
    }
    assert isinstance(decode_calls(deep, max_depth=4), Request)


def test_error_data() -> None:
    """An error may say more; in a response to 1.0 too."""
    problem = JsonRpcError(7, "Out of stock", {"left": 0})
    members = {"code": 7, "message": "Out of stock", "data": {"left": 0}}
    assert json.loads(encode_responses(Response(1, error=problem))) == {
        "jsonrpc": "2.0",
        "error": members,
        "id": 1,
    }
    assert json.loads(encode_responses(Response(1, error=problem, version="1.0"))) == {
        "result": None,
        "error": members,
        "id": 1,
    }


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (Request("a", [1, "b"], 0), {"jsonrpc": "2.0", "method": "a", "params": [1, "b"], "id": 0}),
        (Request("a", {"b": 1}, 0), {"jsonrpc": "2.0", "method": "a", "params": {"b": 1}, "id": 0}),
        (Request("a", [], None), {"jsonrpc": "2.0", "method": "a", "id": None}),
        (Notification("a", []), {"jsonrpc": "2.0", "method": "a"}),
        (Request("a", [], 0, "1.0"), {"method": "a", "params": [], "id": 0}),
        (Notification("a", [b"1"], "1.0"), {"method": "a", "params": ["1"], "id": None}),
        (
            [Request("a", [], 1), Notification("b", [])],
            [{"jsonrpc": "2.0", "method": "a", "id": 1}, {"jsonrpc": "2.0", "method": "b"}],
        ),
    ],
)
def test_encode_calls(call: Call, text: object) -> None:
    """A call is written as its version has it; without parameters 2.0 needs no member for them."""
    assert json.loads(encode_calls(call)) == text


@pytest.mark.parametrize(
    ("calls", "kind", "said"),
    [
        ([], ValueError, "one call at least"),
        ([Request("a", [], 0, "1.0")], ValueError, "1.0 has no batches"),
        (Request("a", {"b": 1}, 0, "1.0"), TypeError, r"a\(\) is called with named parameters"),
        (Request("a", [object()], 0), TypeError, r"of a\(\) cannot be said in JSON: .* object"),
        ([Notification("b", [{1}])], TypeError, r"of b\(\) cannot be said in JSON"),
        (Request("a", [float("nan")], 0), ValueError, r"of a\(\) cannot be said in JSON"),
        (Request("a", [b"\xff"], 0), ValueError, r"of a\(\) cannot be said in JSON"),
    ],
)
def test_encode_calls_refuses(calls: Call | list[Call], kind: type[Exception], said: str) -> None:
    """What cannot be asked is refused, with the name of the method."""
    with pytest.raises(kind, match=said):
        encode_calls(calls)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ('{"jsonrpc": "2.0", "result": 19, "id": 1}', 19),
        ('{"jsonrpc": "2.0", "result": null, "id": 1}', None),
        ('{"jsonrpc": "2.0", "result": 19, "error": null, "id": 1}', 19),
        ('{"result": 19, "error": null, "id": 1}', 19),
        ('{"result": false, "id": 1, "more": 2}', False),
        ('{"jsonrpc": "1.0", "result": [], "error": null, "id": 1}', []),
    ],
)
def test_results(text: str, result: object) -> None:
    """A response of either version has a result."""
    response = decode_responses(text)
    assert isinstance(response, Response)
    assert (response.id, response.get()) == (1, result)
    assert response.version == ("2.0" if '"2.0"' in text else "1.0")


@pytest.mark.parametrize(
    ("told", "kind", "code", "message", "data"),
    [
        ('{"code": -32700, "message": "a"}', ParseError, -32700, "a", None),
        ('{"code": -32600, "message": "a", "data": [1]}', InvalidRequestError, -32600, "a", [1]),
        ('{"code": -32601, "message": "a"}', MethodNotFoundError, -32601, "a", None),
        ('{"code": -32602, "message": "a"}', InvalidParamsError, -32602, "a", None),
        ('{"code": -32603, "message": ""}', InternalError, -32603, "", None),
        ('{"code": -32000, "message": "a", "data": 0}', JsonRpcError, -32000, "a", 0),
        ('{"code": 7, "message": "a", "more": 1}', JsonRpcError, 7, "a", None),
        # As servers of 1.0 say it.
        ('{"message": "a"}', JsonRpcError, 0, "a", None),
        ('{"code": "E", "message": "a"}', JsonRpcError, 0, "a", None),
        ('{"code": true, "message": "a"}', JsonRpcError, 0, "a", None),
        ('{"name": "E"}', JsonRpcError, 0, '{"name":"E"}', None),
        ('{"code": 3, "message": 4}', JsonRpcError, 3, '{"code":3,"message":4}', None),
        ('"a"', JsonRpcError, 0, "a", None),
        ('["a"]', JsonRpcError, 0, '["a"]', None),
        ("0", JsonRpcError, 0, "0", None),
    ],
)
def test_errors(told: str, kind: type, code: int, message: str, data: object) -> None:
    """An error becomes the exception of its code, however the server has said it."""
    for text in (
        f'{{"jsonrpc": "2.0", "error": {told}, "id": 1}}',
        f'{{"result": null, "error": {told}, "id": null}}',
    ):
        response = decode_responses(text)
        assert isinstance(response, Response)
        with pytest.raises(JsonRpcError) as caught:
            response.get()
        assert type(caught.value) is kind
        assert (caught.value.code, str(caught.value), caught.value.data) == (code, message, data)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON: Expecting value"),
        (b"\xff", "no JSON: .*utf-8"),
        ("<html>", "no JSON"),
        ("[" * 101 + "]" * 101, "nested more than 100 levels"),
        ("1", "but no object"),
        ("null", "but no object"),
        ("[1]", "but no object"),
        ("{}", "has no id"),
        ('{"result": 1}', "has no id"),
        ('{"result": 1, "id": [1]}', "has no id"),
        ('{"result": 1, "id": true}', "has no id"),
        ('{"id": 1}', "neither a result nor an error"),
        ('{"jsonrpc": "2.0", "error": null, "id": 1}', "neither a result nor an error"),
        ('{"result": 1, "error": "a", "id": 1}', "both a result and an error"),
        ('{"jsonrpc": "3.0", "result": 1, "id": 1}', "of JSON-RPC '3.0'"),
        ('{"jsonrpc": 2, "result": 1, "id": 1}', "of JSON-RPC 2"),
        ('{"jsonrpc": "' + "x" * 1000 + '", "result": 1, "id": 1}', "of JSON-RPC 'x{39}$"),
    ],
)
def test_no_response(text: str, said: str) -> None:
    """What is no answer is one exception, which says why in few words."""
    with pytest.raises(InvalidResponseError, match=said) as caught:
        decode_responses(text)
    assert isinstance(caught.value, ValueError)


def test_batch_of_responses() -> None:
    """A list of responses is read as one, whatever order they are in; an empty one, too."""
    text = (
        '[{"jsonrpc": "2.0", "result": 1, "id": "b"}, {"jsonrpc": "2.0", "result": 2, "id": 1.5}]'
    )
    assert decode_responses(text) == [Response("b", 1), Response(1.5, 2)]
    assert decode_responses("[]") == []
    assert encode_responses([]) == b""


def test_exceptions() -> None:
    """An exception shows what it is, has its own words by default, and survives pickling and copying."""
    problem = JsonRpcError(7, "Out of stock", [1])
    assert repr(problem) == "JsonRpcError(7, 'Out of stock')"
    standard = MethodNotFoundError("No method x", data={"a": 1})
    assert repr(standard) == "MethodNotFoundError(-32601, 'No method x')"
    assert str(InternalError()) == "Internal error"
    for original in (problem, standard, ParseError()):
        for again in (pickle.loads(pickle.dumps(original)), copy.copy(original)):  # noqa: S301 -- our own
            assert type(again) is type(original)
            assert again.to_object() == original.to_object()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.sampled_from(["2.0", "1.0"]) | JSON,
        "method": st.sampled_from(["sum", "x"]) | JSON,
        "params": JSON,
        "id": JSON,
        "result": JSON,
        "error": JSON,
    },
)
MESSAGES = (MEMBERS | JSON | st.lists(MEMBERS | JSON, max_size=4)).map(json.dumps)


@given(MESSAGES | st.text() | st.binary())
def test_any_call(data: str | bytes) -> None:
    """Whatever a client sends, there are calls or errors, which can be answered."""
    calls = decode_calls(data)
    for call in calls if isinstance(calls, list) else [calls]:
        if isinstance(call, Response):
            said = json.loads(encode_responses(call))
            assert said["error"]["code"] in (-32700, -32600)
            continue
        if isinstance(call, Request):
            said = json.loads(encode_responses(Response(call.id, 1, None, call.version)))
            assert (said["result"], said["id"]) == (1, call.id)
        again = decode_calls(encode_calls(call))
        # Without parameters there is no telling whether they have no names or no places.
        assert again == (call if call.params else call._replace(params=[]))


@given(MESSAGES | st.text() | st.binary())
def test_any_response(data: str | bytes) -> None:
    """Whatever a server sends, there are responses, or it is none."""
    try:
        responses = decode_responses(data)
    except InvalidResponseError:
        return
    for response in responses if isinstance(responses, list) else [responses]:
        again = decode_responses(encode_responses(response))
        assert isinstance(again, Response)
        assert (again.id, again.result, again.version) == (*response[:2], response.version)
        assert (again.error is None) == (response.error is None)
