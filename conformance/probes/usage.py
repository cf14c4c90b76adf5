"""Usage: as OpenAI sends it, and where other vendors put it."""

from conformance.exchange import Json
from conformance.probes.probe import EVERYWHERE, QUESTION, Probe, Send
from conformance.probes.text import USAGE


def placed(where: str) -> Send:
    """Return a request whose provider puts usage somewhere else."""
    return Send(ask=USAGE, change={"chat": {"usage": where}})


UNASKED: Json = {"chat": {"usage_unasked": True}}

PROBES = (
    Probe(
        "usage",
        "healthy usage",
        "usage-classes",
        {"stream": Send(ask=USAGE)},
        question=QUESTION,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "usage-not-asked",
        "healthy usage",
        "usage-classes",
        question=QUESTION,
        surfaces="chat messages",
    ),
    Probe(
        "usage-elsewhere",
        "usage.delivered-when-asked",
        "usage-classes",
        {where: placed(where) for where in ("finish", "no-choices", "repeat-choice")},
    ),
    Probe(
        "usage-unasked",
        "usage.only-when-asked",
        "usage-classes",
        {"stream": Send(change=UNASKED)},
    ),
    Probe(
        "usage-twice",
        "usage.single-final-chunk",
        "usage-classes",
        {"both": placed("both")},
    ),
    Probe(
        "usage-running",
        "usage.cumulative-not-summed",
        "usage-running",
        {"stream": Send(ask=USAGE)},
        surfaces="chat gemini",
    ),
    Probe(
        "usage-in-parts",
        "usage.merge-across-events",
        "usage-in-parts",
        {"stream": Send(ask=USAGE)},
    ),
    Probe(
        "usage-missing",
        "usage.not-invented",
        "no-usage",
        {"stream": Send(ask=USAGE), "plain": Send("plain")},
        surfaces=EVERYWHERE,
    ),
)
