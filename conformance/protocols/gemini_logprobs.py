"""The log probabilities of a Gemini answer, as rows in the chat API's words."""

from collections.abc import Iterator

from conformance.exchange import Exchange
from conformance.protocols import gemini
from conformance.protocols.gemini import Members, objects


def logprobs(exchange: Exchange, number: int) -> list[Members]:
    """Return the tokens of a candidate, each with the alternatives to it."""
    return [
        row
        for chunk in gemini.responses(exchange)
        for candidate in gemini.candidates(chunk)
        if gemini.index(candidate) == number
        for row in _rows(candidate)
    ]


def _rows(candidate: Members) -> Iterator[Members]:
    told = candidate.get("logprobsResult")
    if isinstance(told, dict):
        tops = objects(told.get("topCandidates"))
        for at, chosen in enumerate(objects(told.get("chosenCandidates"))):
            top = objects(tops[at].get("candidates")) if at < len(tops) else []
            yield {**chosen, "top_logprobs": top}
