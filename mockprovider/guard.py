"""Whom the control plane answers when no token is set: programs and its own page, no other page.

A page of any origin can make a browser on this machine send requests here. What gives it away is
its `Origin`, or, once the attacker's DNS has been rebound to this machine, the name in `Host`.
"""

import ipaddress
import re
from collections.abc import Mapping

# Names below these are in nobody's public DNS: reserved, or for private networks.
PRIVATE = ("localhost", "internal", "test", "home.arpa")
AUTHORITY = re.compile(r"\[(?P<v6>[^\]]*)\](?::\d*)?|(?P<name>[^:]*)(?::\d*)?")


def refusal(headers: Mapping[str, str]) -> str | None:
    """Return why a call is refused, None if it is not."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if host and not is_ours(host):
        return (
            f"the control plane is not known as {host!r}; "
            "call it by its address, or start the mock with a --token"
        )
    if origin is not None and origin.partition("://")[2].lower() != host.lower():
        return f"a page of {origin!r} may not call the control plane; its own page may"
    return None


def is_ours(host: str) -> bool:
    """Tell whether nobody outside can have chosen what this name stands for."""
    found = AUTHORITY.fullmatch(host)
    if found is None:
        return False
    if found["v6"] is not None:
        return is_address(found["v6"])
    name = found["name"].lower().removesuffix(".")
    return (
        "." not in name or is_address(name) or name.endswith(tuple(f".{each}" for each in PRIVATE))
    )


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
