"""What the data plane shows to be who it is: a certificate of a test CA, or one's own."""

import argparse
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

MISSING = (
    "--tls makes its certificate with the library trustme, which is not installed: "
    "pip install 'streamproof[tls]', or give --tls-cert and --tls-key"
)
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
NAMES = ("localhost", "127.0.0.1", "::1")


class BadCertificate(ValueError):
    """TLS options, or files they name, that cannot be used."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What TLS is spoken with; `ca` is the file of the authority that clients have to trust."""

    context: ssl.SSLContext
    ca: Path | None = None


def describe(command: argparse.ArgumentParser) -> None:
    """Describe the options about TLS."""
    command.add_argument(
        "--tls", action="store_true", help="speak TLS, with a certificate of a CA made for this"
    )
    command.add_argument(
        "--tls-ca", type=Path, metavar="FILE", help="where --tls writes that CA, for clients"
    )
    command.add_argument("--tls-cert", type=Path, metavar="FILE", help="or with this certificate")
    command.add_argument("--tls-key", type=Path, metavar="FILE", help="and its key, both PEM")


def chosen(options: argparse.Namespace) -> Identity | None:
    """Return what the options about TLS come to; None is plain TCP."""
    cert, key, ca = options.tls_cert, options.tls_key, options.tls_ca
    if cert is None and key is None:
        if options.tls and ca is None:
            raise BadCertificate(
                "--tls wants --tls-ca FILE, where the CA for its clients is written, "
                "or --tls-cert and --tls-key"
            )
        if ca is not None and not options.tls:
            raise BadCertificate(f"--tls-ca {ca} is written by --tls, which is missing")
        return made(options.host, ca) if options.tls else None
    if cert is None or key is None:
        given, missing = ("--tls-cert", "--tls-key") if key is None else ("--tls-key", "--tls-cert")
        raise BadCertificate(f"{given} {cert or key} goes with a {missing} FILE")
    if ca is not None:
        raise BadCertificate(f"--tls-ca {ca} is written by --tls, not with --tls-cert")
    return own(cert, key)


def made(host: str, ca: Path) -> Identity:
    """Make an authority and a certificate of it, and write the authority to a file."""
    try:
        import trustme  # noqa: PLC0415  (an extra, for this option alone)
    except ImportError:
        raise BadCertificate(MISSING) from None
    authority = trustme.CA()
    names = dict.fromkeys((*NAMES, host, socket.gethostname()))
    context = server_context()
    authority.issue_cert(*filter(None, names)).configure_cert(context)
    try:
        ca.write_bytes(authority.cert_pem.bytes())
    except OSError as error:
        raise BadCertificate(f"--tls-ca {ca}: {error.strerror}") from None
    return Identity(context, ca)


def own(cert: Path, key: Path) -> Identity:
    """Take the certificate and the key of two files."""
    if b"-----BEGIN CERTIFICATE-----" not in content("--tls-cert", cert):
        raise BadCertificate(f"--tls-cert {cert}: no certificate in PEM form in it")
    secret = content("--tls-key", key)
    if b"PRIVATE KEY-----" not in secret:
        raise BadCertificate(f"--tls-key {key}: no private key in PEM form in it")
    if b"ENCRYPTED" in secret:
        raise BadCertificate(f"--tls-key {key}: it is encrypted; give it without a pass phrase")
    context = server_context()
    try:
        context.load_cert_chain(cert, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise BadCertificate(f"--tls-key {key} is not the key of --tls-cert {cert}") from None
        why = error.reason or "one of them is damaged"
        raise BadCertificate(f"--tls-cert {cert}, --tls-key {key}: {why}") from None
    return Identity(context)


def content(option: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadCertificate(f"{option} {path}: {error.strerror}") from None


def server_context() -> ssl.SSLContext:
    """Return a server's side of TLS that adds nothing to what a scenario says.

    Each of these ciphers takes the same number of bytes for every record, which the journal's
    counts rely on; a session ticket would be bytes that no scenario has.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    context.num_tickets = 0
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context
