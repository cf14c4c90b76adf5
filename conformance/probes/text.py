"""Undisturbed answers of text."""

from conformance.probes.probe import Probe, Send

USAGE = {"stream_options": {"include_usage": True}}

PROBES = (
    Probe(
        "text",
        "healthy",
        "text",
        {"stream": Send(ask=USAGE)},
        question="Reply with the two words: hello world",
    ),
)
