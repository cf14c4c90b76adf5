"""Routers that are odd and conformant: a rule that objects to one of them is wrong."""

from conformance.selfcheck.legal import (
    asking,
    cache,
    framing,
    gemini,
    guard,
    messages,
    responses,
    saying,
)
from conformance.selfcheck.variant import Variant, collected

LEGAL: dict[str, Variant] = collected(
    asking, cache, framing, gemini, guard, messages, responses, saying
)
