"""Certificates made for the test run by the `openssl` command."""

from __future__ import annotations

import atexit
import functools
import shutil
import ssl
import subprocess
import tempfile
from pathlib import Path

from aggregator.fetch.tls import ResumingContext

NAME = "feed.test"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@functools.cache
def authority() -> Path:
    """A directory with an authority of our own and what it has signed, made once a run."""
    folder = Path(tempfile.mkdtemp(prefix="aggregator-test-tls-"))
    atexit.register(shutil.rmtree, folder)
    _openssl(folder, "req", "-x509", *_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=a")
    _openssl(folder, "req", *_KEY, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=b")
    _sign(folder, "good", NAME, 2)
    _sign(folder, "expired", NAME, -1)
    _sign(folder, "stranger", "other.test", 2)
    return folder


def server_context(certificate: str) -> ssl.SSLContext:
    """A server that shows one of: good, expired, stranger."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority() / f"{certificate}.pem", authority() / "leaf.key")
    return context


def client_context() -> ResumingContext:
    """A client that trusts our authority and nobody else."""
    context = ResumingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority() / "ca.pem")
    return context


def _sign(folder: Path, name: str, host: str, days: int) -> None:
    (folder / "extensions").write_text(f"subjectAltName=DNS:{host}\n", encoding="ascii")
    signer = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions")
    request = ("-req", "-in", "leaf.csr", "-days", str(days), "-out", f"{name}.pem")
    _openssl(folder, "x509", *request, *signer)


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
