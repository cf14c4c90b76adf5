"""Three numbers of a stream that its client left.

They are the tokens it got, those the provider had written by then, and those of the whole script.

The provider holds its answer back while the client leaves, and for two seconds after that. Whose
hold had to be released then was open still: what it wrote afterwards was written for nobody.
"""

from conformance.exchange import Exchange, Json
from conformance.protocols import read
from conformance.protocols.outcome import spoken, steps

PEER_LEFT = ("peer-fin", "peer-rst", "half-close")


def was_open(entry: Json) -> bool:
    """Tell whether a request upstream had not ended when we looked."""
    return entry["end"] is None or bool(_released(entry))


def ran_on(entry: Json) -> bool:
    """Tell whether it had not seen its client leave by then."""
    return was_open(entry) or entry["end"]["kind"] not in PEER_LEFT


def written(entry: Json) -> int:
    """Return how many tokens the provider had written when the client left."""
    if not (released := _released(entry)):
        return int(entry["sent"]["tokens"])
    return max((tokens for at, _, _, tokens in entry["writes"] if at < released), default=0)


def _released(entry: Json) -> int:
    """Return when it was let go on after its client had left; 0 if it was over by then."""
    return max((hold["released"] or 0 for hold in entry.get("holds", ())), default=0)


def wasted(entry: Json) -> int:
    return int(entry["sent"]["tokens"]) - written(entry)


def emitted(exchange: Exchange) -> int:
    """Return how many tokens of the script's text the client got."""
    got = "".join(choice.text for choice in read.outcome(exchange).choices)
    return sum(tokens for text, tokens in _pieces(exchange) if text in got)


def generated(exchange: Exchange) -> int:
    return sum(map(written, exchange.journal))


def whole(exchange: Exchange) -> int:
    return sum(tokens for _, tokens in _pieces(exchange))


def _pieces(exchange: Exchange) -> list[tuple[str, int]]:
    """Return the pieces of text of the script, and the tokens that each of them is."""
    said = steps(exchange.scenario) if exchange.scenario else ()
    return [(spoken(step).strip(), step.get("tokens", 1)) for step in said if "say" in step]


def numbers(exchange: Exchange) -> str:
    return (
        f"the client got {emitted(exchange)}, the provider had written {generated(exchange)} "
        f"when it left, the whole answer has {whole(exchange)}"
    )
