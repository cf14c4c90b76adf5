"""The page that shows the streams, and what its browser may do with it."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from starlette.responses import Response

INLINE = re.compile(r"<(?P<tag>script|style)>(?P<text>.*?)</(?P=tag)>", re.DOTALL)


def response() -> Response:
    """Return the page."""
    html = Path(__file__).with_name("page.html").read_text("utf-8")
    return Response(html, media_type="text/html", headers={
        "cache-control": "no-store",
        "content-security-policy": policy(html),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    })  # fmt: skip


def policy(html: str) -> str:
    """Allow what the page has in it, its own control plane, and nothing else."""
    # Hashes allow these very texts, so that nothing that gets into the page is run.
    inline = {found["tag"]: digest(found["text"]) for found in INLINE.finditer(html)}
    return "; ".join((
        "default-src 'none'", "base-uri 'none'", "connect-src 'self'", "form-action 'none'",
        "frame-ancestors 'none'", "img-src data:", "require-trusted-types-for 'script'",
        "trusted-types 'none'", *(f"{tag}-src '{known}'" for tag, known in inline.items()),
    ))  # fmt: skip


def digest(text: str) -> str:
    """Return the hash of an inline text as a policy names it."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
