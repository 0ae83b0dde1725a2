"""HTTP authentication (RFC 9110 section 11): the schemes Basic, Bearer and Digest from the client's side.

`challenges` and `digest` know no side: a server may use them, too.
"""

from cyclone_core.httpclient.authentication.credentials import DigestAuth, basic, bearer

__all__ = ["DigestAuth", "basic", "bearer"]
