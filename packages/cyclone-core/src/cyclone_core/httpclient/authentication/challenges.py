"""Challenges and credentials: the headers of authentication, read and written (RFC 9110 section 11).

For both sides: what a server writes into `WWW-Authenticate` has the grammar of what a client writes into
`Authorization`. The difficulty is the comma, which separates parameters as well as challenges:
`Basic realm="a", Digest realm="b", nonce="c", Negotiate dG9rZW4=`.
"""

import re
from collections.abc import Container, Iterable
from typing import Final, NamedTuple, cast

from cyclone_core.errors import HTTPInputError

__all__ = [
    "Challenge",
    "format_challenge",
    "is_token68",
    "parse_auth_parameters",
    "parse_challenges",
    "parse_credentials",
]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

# Every repetition is possessive and every pattern ends at a comma or the end: nothing is tried twice.
_WORD: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_SEPARATORS: Final = re.compile(r"[ \t,]*+")
_SCHEME: Final = re.compile(rf"({_WORD})([ ]*+)")
_PARAMETER: Final = re.compile(
    rf'({_WORD})[ \t]*+=[ \t]*+(?:"((?:[^"\\]++|\\.)*+)"|({_WORD}))[ \t]*+(?:,|\Z)'
)
_TOKEN68: Final = re.compile(r"([A-Za-z0-9\-._~+/]++=*+)[ \t]*+(?:,|\Z)")
_END: Final = re.compile(r"[ \t]*+(?:,|\Z)")

_ESCAPE: Final = re.compile(r"\\(.)")
_TO_ESCAPE: Final = re.compile(r'["\\]')


class Challenge(NamedTuple):
    """One challenge of a server, or the credentials of a client.

    Attributes:
        scheme: In lower case, for example `digest`.
        token: What schemes such as Basic and Bearer have instead of parameters (`token68`); else None.
        parameters: Values by names in lower case, without quotes.
    """

    scheme: str
    token: str | None
    parameters: dict[str, str]


def parse_challenges(value: str) -> list[Challenge]:
    """Parse one `WWW-Authenticate` or `Proxy-Authenticate` (RFC 9110 section 11.6.1).

    Empty elements (`,,`) are skipped, as section 5.6.1.2 wants. The time is linear.

    Args:
        value: The value of one header line.

    Returns:
        The challenges in their order.

    Raises:
        HTTPInputError: The value does not have the grammar, a parameter comes twice, or a control
            character stands in it.
    """
    _refuse_control(value)
    challenges: list[Challenge] = []
    position = _skip(value, 0)
    while position < len(value):
        match = _PARAMETER.match(value, position)
        if match is None:
            challenge, position = _read_scheme(value, position)
            challenges.append(challenge)
        elif challenges and challenges[-1].token is None:
            _add(challenges[-1].parameters, match)
            position = match.end()
        else:
            raise HTTPInputError(f"the parameter {match[1][:40]!r} belongs to no challenge")
        position = _skip(value, position)
    return challenges


def parse_credentials(value: str) -> Challenge:
    """Parse one `Authorization` or `Proxy-Authorization` (RFC 9110 section 11.6.2).

    Args:
        value: The value of the header.

    Returns:
        The credentials.

    Raises:
        HTTPInputError: As `parse_challenges`, or there are none or several.
    """
    credentials = parse_challenges(value)
    if len(credentials) != 1:
        raise HTTPInputError(
            f"a request has credentials for one scheme, not for {len(credentials)}"
        )
    return credentials[0]


def parse_auth_parameters(value: str) -> dict[str, str]:
    """Parse one `Authentication-Info` or `Proxy-Authentication-Info` (RFC 9110 section 11.6.3).

    Args:
        value: The value of one header line.

    Returns:
        Values by names in lower case.

    Raises:
        HTTPInputError: As `parse_challenges`.
    """
    _refuse_control(value)
    parameters: dict[str, str] = {}
    position = _skip(value, 0)
    while position < len(value):
        match = _PARAMETER.match(value, position)
        if match is None:
            raise HTTPInputError(f"index {position} begins no parameter name=value")
        _add(parameters, match)
        position = _skip(value, match.end())
    return parameters


def format_challenge(
    scheme: str, parameters: Iterable[tuple[str, str]], plain: Container[str] = ()
) -> str:
    r"""Write a challenge, or credentials with parameters.

    Args:
        scheme: For example `Digest`.
        parameters: Names and values.
        plain: The names of those without quotes, whose values are tokens. In others quotes and
            backslashes are escaped.

    Returns:
        The value of the header.

    Raises:
        ValueError: A value holds a control character, which would split the message. It is not shown.

    Example:
        >>> format_challenge("Basic", [("realm", 'a "b"'), ("charset", "UTF-8")], {"charset"})
        'Basic realm="a \\"b\\"", charset=UTF-8'
    """
    pairs = [
        f"{name}={value}" if name in plain else f'{name}="{_TO_ESCAPE.sub(_put_backslash, value)}"'
        for name, value in parameters
    ]
    text = f"{scheme} {', '.join(pairs)}"
    if bad := _CONTROL.search(text):
        raise ValueError(f"a parameter of {scheme} holds the control character {bad[0]!r}")
    return text


def is_token68(text: str) -> bool:
    """Tell whether a text can stand behind a scheme as it is (RFC 9110 section 11.2)."""
    match = _TOKEN68.match(text)
    return match is not None and match.end(1) == len(text)


def _refuse_control(value: str) -> None:
    if bad := _CONTROL.search(value):
        raise HTTPInputError(f"a header of authentication holds the control character {bad[0]!r}")


def _skip(value: str, position: int) -> int:
    return cast("re.Match[str]", _SEPARATORS.match(value, position)).end()


def _read_scheme(value: str, position: int) -> tuple[Challenge, int]:
    match = _SCHEME.match(value, position)
    if match is None:
        raise HTTPInputError(f"index {position} begins neither a challenge nor a parameter")
    challenge = Challenge(match[1].lower(), None, {})
    position = match.end()
    if end := _END.match(value, position):
        return challenge, end.end()
    if not match[2]:
        raise HTTPInputError(f"index {position} does not go on with a blank or a comma")
    if parameter := _PARAMETER.match(value, position):
        _add(challenge.parameters, parameter)
        return challenge, parameter.end()
    if token := _TOKEN68.match(value, position):
        return challenge._replace(token=token[1]), token.end()
    raise HTTPInputError(f"index {position} begins neither a parameter name=value nor a token")


def _add(parameters: dict[str, str], match: re.Match[str]) -> None:
    name = match[1].lower()
    if name in parameters:
        raise HTTPInputError(f"the parameter {name[:40]!r} comes twice")
    quoted: str | None = match[2]
    if quoted is None:
        parameters[name] = match[3]
    else:
        parameters[name] = _ESCAPE.sub(r"\1", quoted) if "\\" in quoted else quoted


def _put_backslash(match: re.Match[str]) -> str:
    return f"\\{match[0]}"
