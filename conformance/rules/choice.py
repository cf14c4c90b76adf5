"""Several choices of one answer, and the log probabilities of their tokens."""

from collections.abc import Iterator

from conformance.exchange import Exchange, Json
from conformance.findings import Finding, Level, Span
from conformance.protocols import chat, gemini_logprobs, read, responses
from conformance.protocols.surface import Data, answer
from conformance.rules.difference import parted
from conformance.rules.rule import rule


@rule(
    "choice.index-kept",
    Level.MUST,
    on="chat.stream chat.plain gemini.stream gemini.array gemini.plain",
    needs="request",
    cites="OpenAI OpenAPI 2.3.0, CreateChatCompletionRequest.n and choices.index; "
    "recorded: n > 1 is one choice per chunk, interleaved, each with its index",
    bugs="BerriAI/litellm#3276 huggingface/text-generation-inference#1648 BerriAI/litellm#5236 "
    "BerriAI/litellm#376",
)
def choices_keep_their_index(exchange: Exchange) -> Iterator[Finding]:
    """Each delta bears the index of its choice: 0 to n-1, all of them, none mixed up."""
    if read.failed(exchange):
        return
    wrong = _misnumbered(exchange)
    asked = set(range(read.asked(exchange)))
    if wrong - asked:
        yield Finding(f"choices {sorted(wrong - asked)} came, {len(asked)} were asked for")
    elif wrong:
        yield Finding(f"choices {sorted(wrong)} never came, {len(asked)} were asked for")
    elif exchange.scenario:
        yield from _mixed_up(exchange)


def _misnumbered(exchange: Exchange) -> set[int]:
    if exchange.mode == "stream" or exchange.surface != "chat":
        return read.misnumbered(exchange)
    listed = (answer(exchange) or {}).get("choices")
    seen = {chat.index(c) for c in listed if isinstance(c, dict)} if listed else set[int]()
    return seen ^ set(range(read.asked(exchange))) if seen else set()


def _mixed_up(exchange: Exchange) -> Iterator[Finding]:
    said = [c.text for c in read.scripted(exchange).choices]
    got = [c.text for c in read.outcome(exchange).choices]
    if said != got and sorted(said) == sorted(got):
        yield Finding(f"the texts of the choices came as {got}, not as {said}")


@rule(
    "choice.logprobs-kept",
    Level.SHOULD,
    on="chat.stream chat.plain responses.stream responses.plain gemini.stream gemini.plain",
    probes="logprobs",
    needs="request upstream",
    cites="OpenAI OpenAPI 2.3.0, CreateChatCompletionRequest.logprobs and top_logprobs",
    bugs="ml-explore/mlx-lm#1630 Menci/Floway#481 maximhq/bifrost#6529 BerriAI/litellm#3253",
)
def log_probabilities_arrive(exchange: Exchange) -> Iterator[Finding]:
    """The log probabilities asked for arrive for every token, or the request is refused."""
    for index, choice in enumerate(read.scripted(exchange).choices):
        rows = _rows(exchange, index)
        joined = "".join(str(row.get("token")) for row in rows)
        if what := parted(choice.text, joined):
            yield Finding(f"the tokens with log probabilities of choice {index} depart {what}")
        top = exchange.asked(*TOP.get(exchange.surface, ("top_logprobs",))) or 0
        if any(len(row.get("top_logprobs") or ()) != top for row in rows):
            yield Finding(f"a token of choice {index} has not the {top} top_logprobs asked for")


#: Where a request says how many alternatives it wants of each token.
TOP = {"gemini": ("generationConfig", "logprobs")}


def _rows(exchange: Exchange, index: int) -> list[dict[str, Json]]:
    """Return the rows of one choice, of all chunks in order or of a plain answer."""
    if exchange.surface == "responses":
        return responses.logprobs(exchange)
    if exchange.surface == "gemini":
        return gemini_logprobs.logprobs(exchange, index)
    whole = [Data(answer(exchange) or {}, Span(0, len(exchange.body)))]
    found: list[dict[str, Json]] = []
    for chunk in whole if exchange.mode == "plain" else chat.chunks(exchange):
        for choice in chat.choices(chunk):
            told = choice.get("logprobs")
            rows = told.get("content") if isinstance(told, dict) else None
            if chat.index(choice) == index and isinstance(rows, list):
                found += [row for row in rows if isinstance(row, dict)]
    return found
