"""Query strings and form bodies as lists of values by name."""

from typing import Final

from cyclone_core.errors import HTTPInputError
from cyclone_escape import parse_qs_bytes

__all__ = ["FORM_TYPE", "Arguments", "media_type", "parse_arguments"]

Arguments = dict[str, list[bytes]]

FORM_TYPE: Final = "application/x-www-form-urlencoded"


def media_type(content_type: str) -> str:
    """Cut the parameters off a `Content-Type`.

    Args:
        content_type: The value of the header.

    Returns:
        Type and subtype in lower case, for example `text/html`.
    """
    return content_type.partition(";")[0].strip(" \t").lower()


def parse_arguments(encoded: bytes | str, max_arguments: int) -> Arguments:
    """Parse `application/x-www-form-urlencoded` data: a query string or a form body.

    Args:
        encoded: The data; blank values are kept.
        max_arguments: The largest number of fields that is parsed.

    Returns:
        Name to values in the order of arrival. Names are latin-1 text, values are bytes.

    Raises:
        HTTPInputError: There are more fields.
        UnicodeEncodeError: Text holds what no client can send unencoded.
    """
    if not encoded:
        return {}
    try:
        return parse_qs_bytes(encoded, keep_blank_values=True, max_num_fields=max_arguments)
    except UnicodeEncodeError:
        raise  # a ValueError too, but not the client's fault
    except ValueError as error:
        raise HTTPInputError(f"too many arguments: {error}") from None
