"""The certificate for tests."""

import ssl
import stat
import sys
from pathlib import Path

import pytest

from cyclone_core.testing.certificates import write_certificate
from cyclone_core.tls import TLSUnavailable


def test_certificate(tmp_path: Path) -> None:
    """Key and certificate belong together, name this machine, and the key is for its owner alone."""
    paths = write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(paths["certfile"], paths["keyfile"])
    context.load_verify_locations(paths["certfile"])
    (known,) = context.get_ca_certs()
    assert known["subject"] == known["issuer"] == ((("commonName", "localhost"),),)
    assert stat.S_IMODE(Path(paths["keyfile"]).stat().st_mode) == 0o600


def test_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library the message says what to install."""
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    with pytest.raises(TLSUnavailable, match=r'pip install "cyclone-core\[tls\]"'):
        write_certificate(tmp_path)
    assert not list(tmp_path.iterdir())
