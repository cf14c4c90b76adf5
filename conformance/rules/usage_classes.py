"""What an answer tells of its usage, class by class, wherever its surface has the class."""

from collections.abc import Mapping, Sequence

from conformance.exchange import Exchange, Json
from conformance.protocols import messages_outcome, read
from conformance.protocols.outcome import steps
from conformance.protocols.surface import answer
from conformance.rules.usage import told

CACHED = ("cached", "cache_write")
#: Where the classes of tokens are in the usage of each surface.
PLACES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "chat": {
        "cached": ("prompt_tokens_details", "cached_tokens"),
        "cache_write": ("prompt_tokens_details", "cache_write_tokens"),
        "reasoning": ("completion_tokens_details", "reasoning_tokens"),
    },
    "messages": {
        "cached": ("cache_read_input_tokens",),
        "cache_write": ("cache_creation_input_tokens",),
        "reasoning": ("output_tokens_details", "thinking_tokens"),
    },
}


def last(exchange: Exchange) -> dict[str, Json] | None:
    if exchange.surface == "messages":
        usage = messages_outcome.usage(exchange)
    elif exchange.mode == "plain":
        members = answer(exchange) or {}
        usage = members.get("usageMetadata" if exchange.surface == "gemini" else "usage")
    else:
        usage = next((token.value for token in reversed(told(exchange))), None)
    return usage if isinstance(usage, dict) else None


def shown(value: dict[str, Json], name: str) -> str:
    return repr(value[name]) if name in value else "absent"


def losses(exchange: Exchange, classes: tuple[str, ...]) -> list[int]:
    """Return how much less than the provider sent the client was told of, class by class."""
    usage, places = last(exchange) or {}, PLACES[exchange.surface]
    found = [within(usage, places[name][:-1]).get(places[name][-1]) for name in classes]
    counts = [count if isinstance(count, int) else 0 for count in found]
    return [counted(exchange, name) - got for name, got in zip(classes, counts, strict=True)]


def within(usage: dict[str, Json], path: Sequence[str]) -> dict[str, Json]:
    for name in path:
        inner = usage.get(name)
        usage = inner if isinstance(inner, dict) else {}
    return usage


def counted(exchange: Exchange, name: str) -> int:
    """Return how many tokens of a class were sent; Gemini has no word for what it writes."""
    if name == "cache_write" and "gemini" in read.provided(exchange):
        return 0
    said = [step["usage"] for step in steps(exchange.scenario) if "usage" in step]
    return int(said[-1].get(name, 0)) if said else 0
