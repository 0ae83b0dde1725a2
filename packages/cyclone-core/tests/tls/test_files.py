"""What is said about files and errors that the contexts' own tests do not meet."""

import pytest
from OpenSSL import SSL

from cyclone_core.tls.files import describe_error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SSL.Error([("SSL routines", "", "bad"), ("", "", ""), ("", "", "worse")]), "bad, worse"),
        (SSL.Error([]), "OpenSSL gives no reason"),
        (SSL.Error(), "OpenSSL gives no reason"),
        (SSL.SysCallError(-1, "Unexpected EOF"), "(-1, 'Unexpected EOF')"),
        (ValueError("of another kind"), "of another kind"),
        (ValueError([5]), "[5]"),
    ],
)
def test_reasons(error: Exception, said: str) -> None:
    """The reasons of an OpenSSL error stand in a row; any other error says what it says."""
    assert describe_error(error) == said
