"""Undisturbed answers with more than text: choices, calls, reasoning, log probabilities, extras."""

from conformance.exchange import Json
from conformance.probes.probe import EVERYWHERE, Probe, Send

TWO: Json = {"n": 2}
LOGPROBS: Json = {"logprobs": True, "top_logprobs": 2}
HERB: Json = {
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "find_herb",
                "description": "Find a herb in the garden.",
                "parameters": {"type": "object", "properties": {"name": {"type": "string"}}},
            },
        }
    ]
}


def both(ask: Json) -> dict[str, Send]:
    return {"stream": Send(ask=ask), "plain": Send("plain", ask)}


def named(name: str) -> dict[str, Send]:
    """Return sends for a provider that says its reasoning under this name."""
    change = {"chat": {"reasoning": [name]}}
    return {"stream": Send(change=change), "plain": Send("plain", change=change)}


PROBES = (
    Probe(
        "two-choices",
        "healthy",
        "two-choices",
        both(TWO),
        question="Name a herb, in one word.",
        may_refuse=True,
        surfaces="chat gemini",
    ),
    Probe(
        "text-then-tool",
        "healthy tools",
        "text-then-tool",
        both(HERB),
        surfaces=EVERYWHERE,
    ),
    Probe("reasoning-content", "healthy reasoning", "reasoning", named("reasoning_content")),
    Probe("reasoning", "healthy reasoning", "reasoning", named("reasoning")),
    Probe("reasoning-details", "healthy reasoning", "reasoning", named("reasoning_details")),
    Probe(
        "logprobs",
        "healthy logprobs",
        "logprobs",
        both(LOGPROBS),
        may_refuse=True,
        surfaces="chat responses gemini",
    ),
    Probe(
        "extras",
        "healthy extras",
        "extras",
        both({}),
        surfaces=EVERYWHERE,
    ),
)
