"""Reasoning text: on chat a member that the API does not define and vendors do, or an item."""

from collections.abc import Iterator, Mapping

from conformance.exchange import Exchange, Json
from conformance.findings import Basis, Finding, Level
from conformance.protocols import chat, read
from conformance.protocols.outcome import steps
from conformance.protocols.responses_outcome import reasoning
from conformance.protocols.surface import answer
from conformance.rules.rule import rule

TEXTS = ("reasoning_content", "reasoning", "reasoning_text")
DETAILS = "reasoning_details"
GEMINI = "gemini"
VENDORS = (
    "recorded: reasoning_content on DeepSeek and Alibaba, reasoning on Groq, Cerebras and Ollama, "
    "reasoning with reasoning_details on OpenRouter"
)


def delivered(exchange: Exchange) -> dict[str, str]:
    """Return the reasoning text under each name a client may look for it."""
    if exchange.surface == "responses":
        return reasoning(exchange)
    if exchange.surface != "chat":
        choices = read.outcome(exchange).choices
        return {"the thoughts": "".join(choice.reasoning for choice in choices)}
    found = dict.fromkeys((*TEXTS, DETAILS), "")
    for delta in said(exchange):
        for name in TEXTS:
            value = delta.get(name)
            found[name] += value if isinstance(value, str) else ""
        found[DETAILS] += _details(delta.get(DETAILS))
    return found


def said(exchange: Exchange) -> Iterator[Mapping[str, Json]]:
    """Yield the deltas of a stream, or the messages of a plain answer."""
    if exchange.mode == "stream":
        for chunk in chat.chunks(exchange):
            yield from map(chat.delta, chat.choices(chunk))
        return
    for choice in (answer(exchange) or {}).get("choices") or ():
        message = choice.get("message") if isinstance(choice, dict) else None
        yield message if isinstance(message, dict) else {}


def _details(value: Json) -> str:
    parts = value if isinstance(value, list) else []
    return "".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))


def scripted(exchange: Exchange) -> list[str]:
    """Return the reasoning a provider sent; Gemini's thoughts have to be asked for."""
    if exchange.surface != GEMINI and any(map(_unasked, exchange.journal)):
        return []
    return [
        step["think"]
        for step in steps(exchange.scenario)
        if "think" in step and not step.get("redacted")
    ]


def _unasked(entry: Json) -> bool:
    body = str(entry.get("request", {}).get("body", ""))
    return entry.get("surface") == GEMINI and "includeThoughts" not in body


@rule(
    "reason.passthrough",
    Level.SHOULD,
    on="stream array plain",
    probes="reasoning",
    basis=Basis.RECORDING,
    needs="upstream",
    cites=VENDORS,
    bugs="maximhq/bifrost#974 NousResearch/hermes-agent#118490 Nayjest/lm-proxy#69",
)
def reasoning_arrives(exchange: Exchange) -> Iterator[Finding]:
    """The reasoning the provider sent reaches the client in order, under a name clients know."""
    texts = delivered(exchange).values()
    pieces = scripted(exchange)
    for piece in pieces:
        if not any(piece in text for text in texts):
            yield Finding(f"the reasoning {piece!r} did not arrive")
            return
    longest = max(texts, key=len, default="")
    if "".join(pieces) not in texts and len(longest) <= len("".join(pieces)):
        yield Finding(f"the reasoning arrived as {longest!r}, not as {''.join(pieces)!r}")


@rule(
    "reason.not-duplicated",
    Level.MUST,
    on="stream array plain",
    probes="reasoning",
    basis=Basis.RECORDING,
    needs="upstream",
    cites=f"{VENDORS}; a client that knows two names adds both up",
    bugs="maximhq/bifrost#6427 Effect-TS/effect#6060 raullenchai/Rapid-MLX#852 "
    "NousResearch/hermes-agent#59009",
)
def reasoning_comes_once(exchange: Exchange) -> Iterator[Finding]:
    """Each piece of reasoning is delivered once, under one name, as the provider sent it.

    reasoning_details beside a text is a vendor's own pair and counts as one; so does a pair of
    names that the provider itself uses.
    """
    sent = set((exchange.scenario or {}).get("chat", {}).get("reasoning", ["reasoning_content"]))
    found = {name: text for name, text in delivered(exchange).items() if text}
    for piece in scripted(exchange):
        for name, text in found.items():
            if text.count(piece) > 1:
                yield Finding(f"the reasoning {piece!r} came {text.count(piece)} times in {name}")
                return
    names = [name for name in found if name != DETAILS]
    if len(names) > 1 and not set(names) <= sent:
        yield Finding(f"the reasoning came under {' and '.join(names)}, to be added up")
