"""The same script, streamed and not."""

from conformance.probes.probe import EVERYWHERE, QUESTION, Probe, Send
from conformance.probes.text import USAGE
from conformance.probes.tools import TOOLS

UNSAID = {"stream": None}  # neither true nor false
ANYTHING = (("accept", "*/*"),)

PROBES = (
    Probe(
        "parity-usage",
        "parity",
        "usage-classes",
        {"stream": Send(ask=USAGE), "plain": Send("plain")},
        question=QUESTION,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "parity-tools",
        "parity",
        "tools-parallel",
        {"stream": Send(ask={**TOOLS, **USAGE}), "plain": Send("plain", TOOLS)},
        question="In one turn call get_weather for Rome and get_time for the zone CET.",
        surfaces=EVERYWHERE,
    ),
    Probe(
        "stream-flag-absent",
        "parity.stream-flag-honoured",
        "text",
        {"absent": Send("plain", UNSAID), "anything": Send("plain", UNSAID, headers=ANYTHING)},
        question=QUESTION,
        surfaces="chat responses messages",
    ),
)
