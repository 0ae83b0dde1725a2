"""What all fetches of one client share."""

from typing import Any, cast

from cyclone_core.httpclient.settings import ClientSettings
from cyclone_core.httpclient.urls import parse_url
from cyclone_core.httputil import HTTPHeaders


def test_representation_of_settings() -> None:
    """Settings show none of the secrets that they hold."""
    settings = ClientSettings(
        reactor=None,
        pool=cast("Any", None),
        defaults={"auth_password": "s3cr3t"},
        headers=HTTPHeaders({"Authorization": "s3cr3t"}),
        base_url=parse_url("http://me:s3cr3t@a/b?token=s3cr3t"),
        jar=None,
        max_body_size=5,
    )
    settings.digest_for(parse_url("http://a/"), ("me", "s3cr3t"))
    assert "s3cr3t" not in repr(settings)
    assert "URL('http://a/b?...')" in repr(settings)
