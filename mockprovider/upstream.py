"""Where a tap passes requests on to, and how they look from there."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from mockprovider.inbox import Request
from mockprovider.recordings.recording import BadRecording

PORTS = {"http": 80, "https": 443}
# Between this client and the tap only; the body goes on whole, so its length is said anew.
DROPPED = frozenset((
    "connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "upgrade",
    "http2-settings", "expect", "transfer-encoding", "content-length",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Upstream:
    """A base URL, taken apart."""

    scheme: str
    host: str
    port: int
    prefix: str = ""

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    def target(self, target: str) -> str:
        """Return path and query there; what prefix and path have in common is said once."""
        parts = self.prefix.split("/")[1:]
        for start in range(len(parts)):
            shared = "/" + "/".join(parts[start:])
            if target == shared or target.startswith((f"{shared}/", f"{shared}?")):
                return self.prefix.removesuffix(shared) + target
        return self.prefix + target

    def url(self, target: str) -> str:
        return self.origin + self.target(target)

    def forwarded(self, request: Request) -> bytes:
        """Return a request as it is sent on: its head as it came, but for what is the hop's own."""
        lines = [f"{request.method} {self.target(request.target)} HTTP/{request.version}"]
        lines += [f"{name}: {self._value(name, value)}" for name, value in request.headers
                  if name.lower() not in DROPPED]  # fmt: skip
        if request.body or request.method == "POST":
            lines.append(f"content-length: {len(request.body)}")
        if not request.keep_alive:
            lines.append("connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body

    def _value(self, name: str, value: str) -> str:
        match name.lower():
            case "host":
                return self.origin.partition("://")[2]
            case "accept-encoding":
                # What is kept is to be read, and its reads to be told apart.
                return "identity"
        return value


def parsed(url: str) -> Upstream:
    """Read a base URL."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        raise BadRecording(f"--upstream {url!r} is no URL of the kind https://HOST[:PORT][/PATH]")
    if parts.username or parts.query or parts.fragment:
        raise BadRecording("--upstream takes no key, no query and no fragment; clients send keys")
    prefix = parts.path.rstrip("/")
    return Upstream(parts.scheme, parts.hostname, port or PORTS[parts.scheme], prefix)
