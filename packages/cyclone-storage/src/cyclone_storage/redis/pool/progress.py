"""How far a connection is that is being made."""

# ruff: noqa: ANN401 -- protocols are of any class

from typing import Any

__all__ = ["describe_progress"]


def describe_progress(protocol: Any) -> str:
    """Say how far it is.

    Args:
        protocol: Its protocol; None before there is one.
    """
    transport = getattr(protocol, "transport", None)
    if transport is None:
        return "nobody has accepted or refused the connection yet"
    certificate_of = getattr(transport, "getPeerCertificate", None)
    # A server has shown one before the handshake is over.
    if certificate_of is not None and certificate_of() is None:
        return "the connection was accepted, and TLS is not answered (does this port speak TLS?)"
    return "the connection was accepted, and the server has not answered yet"
