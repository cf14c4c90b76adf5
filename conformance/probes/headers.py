"""Headers that a router should keep to itself, on their way down and up."""

from conformance.probes.probe import EVERYWHERE, Probe, Send
from conformance.probes.transport import answered_with

SECRETS = (
    ("authorization", "Bearer sk-mock-canary-basil"),
    ("x-api-key", "sk-mock-canary-chervil"),
    ("x-goog-api-key", "sk-mock-canary-coriander"),
)
INTERNALS = (
    ("set-cookie", "mock_edge=tarragon; Path=/; HttpOnly"),
    ("server", "mock-edge/77"),
    ("via", "1.1 mock-edge"),
    ("alt-svc", 'h3=":77"'),
    ("cf-ray", "77mock77-EDGE"),
    ("openai-organization", "mock-organisation-77"),
    ("x-internal-node", "mock-node-77"),
)
CLIENTS = (
    ("cookie", "session=client-canary-cress"),
    ("proxy-authorization", "Basic client-canary-fennel"),
    ("x-goog-api-key", "client-canary-lovage"),
    ("x-api-key", "client-canary-savory"),
)
RATES = {"stream": Send(), "plain": Send("plain")}

PROBES = (
    Probe(
        "upstream-secrets",
        "hdr.no-secret-leak",
        "text",
        {
            "stream": Send(change=answered_with(SECRETS)),
            "plain": Send("plain", change=answered_with(SECRETS)),
        },
        surfaces=EVERYWHERE,
    ),
    Probe(
        "upstream-internals",
        "hdr.no-internals",
        "text",
        {
            "stream": Send(change=answered_with(INTERNALS)),
            "plain": Send("plain", change=answered_with(INTERNALS)),
        },
        surfaces=EVERYWHERE,
    ),
    Probe(
        "client-secrets",
        "hdr.client-key-not-forwarded",
        "text",
        {"stream": Send(headers=CLIENTS), "plain": Send("plain", headers=CLIENTS)},
        surfaces="chat responses",
    ),
    Probe(
        "rate-limits", "hdr.ratelimit-forwarded", "text", RATES, surfaces="chat responses messages"
    ),
)
