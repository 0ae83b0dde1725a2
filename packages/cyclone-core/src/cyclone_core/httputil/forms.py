"""The two kinds of form bodies, and Tornado's functions and settings for them."""

import dataclasses
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeVar

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.arguments import FORM_TYPE, Arguments, media_type, parse_arguments
from cyclone_core.httputil.files import HTTPFile
from cyclone_core.httputil.headers import HTTPHeaders
from cyclone_core.httputil.multipart import (
    FormLimits,
    FormPart,
    MultipartParser,
    check_boundary,
)
from cyclone_core.httputil.parameters import parse_parameters
from cyclone_core.httputil.stores import BodyStore, MemoryStore
from cyclone_core.limits import Limits

__all__ = [
    "MULTIPART_TYPE",
    "Form",
    "ParseBodyConfig",
    "ParseMultipartConfig",
    "ParseUrlEncodedConfig",
    "max_arguments",
    "parse_body_arguments",
    "parse_form",
    "parse_multipart_form_data",
    "read_form",
    "set_parse_body_config",
    "start_form",
]

_T = TypeVar("_T")

MULTIPART_TYPE: Final = "multipart/form-data"

_CONTENT_TOO_LARGE: Final = 413

_DEFAULTS: Final = Limits()

Files = dict[str, list[HTTPFile]]


@dataclasses.dataclass
class ParseMultipartConfig:
    """How `multipart/form-data` is parsed (Tornado: `httputil.ParseMultipartConfig`).

    Attributes:
        enabled: False to refuse such bodies.
        max_parts: The number of parts, fields and files.
        max_part_header_size: Bytes of the header of a part.
    """

    enabled: bool = True
    max_parts: int = _DEFAULTS.max_parts
    max_part_header_size: int = _DEFAULTS.max_part_header_size


@dataclasses.dataclass
class ParseUrlEncodedConfig:
    """How urlencoded bodies are parsed (Tornado: `httputil.ParseUrlEncodedConfig`).

    Attributes:
        max_arguments: The number of fields.
    """

    max_arguments: int = _DEFAULTS.max_arguments


@dataclasses.dataclass
class ParseBodyConfig:
    """How form bodies are parsed (Tornado: `httputil.ParseBodyConfig`).

    Attributes:
        multipart: How `multipart/form-data` is.
        urlencoded: How `application/x-www-form-urlencoded` is.
    """

    multipart: ParseMultipartConfig = dataclasses.field(default_factory=ParseMultipartConfig)
    urlencoded: ParseUrlEncodedConfig = dataclasses.field(default_factory=ParseUrlEncodedConfig)


_config = ParseBodyConfig()


def set_parse_body_config(config: ParseBodyConfig) -> None:
    """Change how form bodies are parsed, for the whole process (Tornado has the same).

    The settings `max_arguments`, `max_parts` and `max_part_header_size` of an `Application` are the
    better way to other limits. What differs here from its default wins over them.

    Args:
        config: The configuration; `ParseBodyConfig()` undoes the change.
    """
    global _config  # noqa: PLW0603 -- Tornado's interface: a setting of the process
    _config = config


class Form(NamedTuple):
    """What a form body holds.

    Attributes:
        arguments: The fields: name to values.
        files: The files by name of the field.
    """

    arguments: Arguments
    files: Files


def max_arguments(limits: Limits) -> int:
    """Tell how many fields an urlencoded body or a query string may have.

    Args:
        limits: The bounds of the connection.

    Returns:
        The number: that of `set_parse_body_config` if it is no default, else that of the limits.
    """
    return _chosen(_config.urlencoded.max_arguments, _DEFAULTS.max_arguments, limits.max_arguments)


def _form_limits(limits: Limits) -> FormLimits:
    config, default = _config.multipart, _DEFAULTS
    return FormLimits(
        max_arguments(limits),
        _chosen(config.max_parts, default.max_parts, limits.max_parts),
        _chosen(
            config.max_part_header_size, default.max_part_header_size, limits.max_part_header_size
        ),
        limits.body_memory_limit,
    )


def _chosen(configured: int, default: int, limit: int) -> int:
    return limit if configured == default else configured


def start_form(content_type: str, headers: HTTPHeaders, limits: Limits) -> MultipartParser | None:
    """Begin to parse a request body while it arrives, if it is `multipart/form-data`.

    Args:
        content_type: The request's `Content-Type`.
        headers: All of its headers.
        limits: The bounds.

    Returns:
        The parser, or None for any other body.

    Raises:
        HTTPInputError: The body is such a form and cannot be parsed, whatever follows: it has a
            `Content-Encoding`, no valid boundary, or `set_parse_body_config` has disabled it.
    """
    if media_type(content_type) != MULTIPART_TYPE:
        return None
    _refuse_encoding(headers)
    _require_enabled(_config.multipart)
    return MultipartParser(_boundary_of(content_type), _form_limits(limits))


def read_form(parts: list[FormPart], store: BodyStore) -> Form:
    """Read the fields of a multipart form out of the body; files stay where they are.

    Args:
        parts: The parts, as `MultipartParser.finish` returns them.
        store: The body.

    Returns:
        Fields and files in their order.
    """
    form = Form({}, {})
    for part in parts:
        if part.filename is None:
            value = store.read_range(part.start, part.size)
            form.arguments.setdefault(part.name, []).append(value)
        else:
            file = HTTPFile.from_store(
                part.filename, part.content_type, store, part.start, part.size
            )
            form.files.setdefault(part.name, []).append(file)
    return form


def parse_form(content_type: str, headers: HTTPHeaders, store: BodyStore, limits: Limits) -> Form:
    """Parse a whole body.

    Args:
        content_type: The request's `Content-Type`.
        headers: All of its headers.
        store: The body; not read if it is no form, or too large for one.
        limits: The bounds.

    Returns:
        Fields and files; none if the body is no form.

    Raises:
        HTTPInputError: The form is malformed, encoded or exceeds a limit (400, for the size of the
            fields 413).
    """
    if media_type(content_type) == FORM_TYPE:
        _refuse_encoding(headers)
        # All of it is fields, which stay in memory, and are decoded while everybody waits.
        if store.size > limits.body_memory_limit:
            raise HTTPInputError(
                f"an urlencoded form has {store.size} bytes, body_memory_limit allows "
                f"{limits.body_memory_limit}",
                _CONTENT_TOO_LARGE,
            )
        data = store.read_range(0, store.size)
        return Form(parse_arguments(data, max_arguments(limits)), {})
    parser = start_form(content_type, headers, limits)
    if parser is None:
        return Form({}, {})
    parser.feed(store.read_range(0, store.size))
    return read_form(parser.finish(), store)


def parse_body_arguments(
    content_type: str,
    body: bytes,
    arguments: Arguments,
    files: Files,
    headers: Mapping[str, str] | None = None,
    *,
    config: ParseBodyConfig | None = None,
) -> None:
    """Parse a form body (Tornado and cyclone: `httputil.parse_body_arguments`).

    Args:
        content_type: `application/x-www-form-urlencoded` or `multipart/form-data` with its boundary;
            a body of any other type is left alone.
        body: The whole body.
        arguments: Fields are added to it: name to values.
        files: Files are added to it, by name of the field.
        headers: The request's headers.
        config: The limits; by default those of `set_parse_body_config`.

    Raises:
        HTTPInputError: The form is malformed, has a `Content-Encoding`, or exceeds a limit. Nothing
            was added.
    """
    config = _config if config is None else config
    kind = media_type(content_type)
    if kind not in {FORM_TYPE, MULTIPART_TYPE}:
        return
    _refuse_encoding(headers or {})
    if kind == FORM_TYPE:
        _extend(arguments, parse_arguments(body, config.urlencoded.max_arguments))
    else:
        boundary = _boundary_of(content_type)
        parse_multipart_form_data(boundary, body, arguments, files, config=config.multipart)


def parse_multipart_form_data(
    boundary: bytes,
    data: bytes,
    arguments: Arguments,
    files: Files,
    *,
    config: ParseMultipartConfig | None = None,
) -> None:
    """Parse a multipart form (Tornado and cyclone: `httputil.parse_multipart_form_data`).

    Args:
        boundary: The boundary as in the `Content-Type`, with or without quotes.
        data: The whole body.
        arguments: Fields are added to it: name to values.
        files: Files are added to it, by name of the field.
        config: The limits; by default those of `set_parse_body_config`.

    Raises:
        HTTPInputError: The form is malformed or exceeds a limit. Nothing was added.
    """
    config = _config.multipart if config is None else config
    _require_enabled(config)
    if len(boundary) > 1 and boundary.startswith(b'"') and boundary.endswith(b'"'):
        boundary = boundary[1:-1]
    # The data are in memory already, so their size needs no bound.
    parts = config.max_parts
    limits = FormLimits(parts, parts, config.max_part_header_size, len(data))
    parser = MultipartParser(check_boundary(boundary), limits)
    parser.feed(data)
    form = read_form(parser.finish(), MemoryStore(data))
    _extend(arguments, form.arguments)
    _extend(files, form.files)


def _extend(target: dict[str, list[_T]], found: dict[str, list[_T]]) -> None:
    for name, values in found.items():
        target.setdefault(name, []).extend(values)


def _refuse_encoding(headers: Mapping[str, str]) -> None:
    encoding = headers.get("Content-Encoding", "")
    if encoding.strip(" \t").lower() not in {"", "identity"}:
        raise HTTPInputError(f"a form has the Content-Encoding {encoding[:40]!r}")


def _require_enabled(config: ParseMultipartConfig) -> None:
    if not config.enabled:
        raise HTTPInputError(f"{MULTIPART_TYPE} is disabled by set_parse_body_config")


def _boundary_of(content_type: str) -> bytes:
    boundary = parse_parameters(content_type)[1].get("boundary", "")
    return check_boundary(boundary.encode())
