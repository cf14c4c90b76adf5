"""What a router says to whom: which key it takes, which model it knows, what else it serves."""

from dataclasses import replace

from conformance.probes.fallback import refuses
from conformance.probes.probe import EVERYWHERE, QUESTION, Probe, Send
from conformance.probes.refusals import refusal
from conformance.profiles.policy import FALLBACK

NOT_FOUND = refusal(404, "invalid_request_error", "model_not_found")["plain"].change
WRONG = "sk-wrong-sorrel"

PROBES = (
    Probe(
        "wrong-key",
        "declared own-error err.key-refused",
        "text",
        {
            "none": Send(key=""),
            "none-plain": Send("plain", key=""),
            "wrong": Send(key=WRONG),
            "wrong-plain": Send("plain", key=WRONG),
        },
        question=QUESTION,
        surfaces=EVERYWHERE,
        feature="auth",
    ),
    Probe(
        "each-way-of-the-key",
        "hdr.auth-declared",
        "text",
        {"stream": Send(each="way"), "plain": Send("plain", each="way")},
        question=QUESTION,
        surfaces=EVERYWHERE,
        feature="auth",
    ),
    Probe(
        "unknown-model",
        "declared own-error err.unknown-model",
        "refused",
        # A router that leaves it to its provider finds that this does not know it either.
        {
            "stream": Send(change=NOT_FOUND, model="unknown-model"),
            "plain": Send("plain", change=NOT_FOUND, model="unknown-model"),
        },
        question=QUESTION,
        surfaces=EVERYWHERE,
        feature="unknown-model",
    ),
    Probe(
        "prefixed-model",
        "pre.model-prefix",
        "text",
        {
            "stream": Send(model="prefixed-model"),
            "plain": Send("plain", model="prefixed-model"),
        },
        surfaces="chat responses messages",
        feature="prefixed-model",
    ),
    Probe(
        "pinned-provider",
        "retry.pinned-provider",
        "text",
        {
            "5xx": replace(refuses(503), header="pinned-provider"),
            "5xx.plain": replace(refuses(500, "plain"), header="pinned-provider"),
            "429": replace(refuses(429), header="pinned-provider"),
        },
        surfaces=EVERYWHERE,
        feature=f"{FALLBACK} pinned-provider",
    ),
    Probe(
        "endpoints",
        "http.declared-endpoint",
        "text",
        {"row": Send("plain", each="endpoint")},
        question=QUESTION,
        feature="endpoint",
    ),
)
