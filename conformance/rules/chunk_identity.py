"""Whose model name and whose id a client sees: one policy, streamed or not."""

from collections.abc import Iterator

from conformance.exchange import Exchange, Trial
from conformance.findings import Basis, Finding, Level
from conformance.rules.hdr_rows import stated
from conformance.rules.rule import comparison

#: What the mock's ids begin with, ahead of the nonce that is in them.
PREFIXES = {"chat": "chatcmpl-", "responses": "resp_", "messages": "msg_"}


@comparison(
    "chunk.identity-policy",
    Level.SHOULD,
    on="chat.stream chat.plain responses.stream responses.plain messages.stream messages.plain",
    probes="chunk.identity-policy",
    basis=Basis.POLICY,
    cites="OpenAI OpenAPI 2.3.0: id and model of a chat completion and of its chunks; Anthropic "
    "API reference: id and model of a message; OpenAI OpenAPI 2.3.0: those of a response",
    bugs="api7/aisix#1086 BerriAI/litellm#10280 decolua/9router#1311 "
    "kubernetes-sigs/gateway-api-inference-extension#1625",
)
def identity_is_one_policy(trial: Trial) -> Iterator[Finding]:
    """Model name and id follow one policy, streamed or not, and the declared one if there is one.

    Whose model name a client sees, and whose id, is contested: the policies are `model-name`
    (upstream, requested) and `id` (upstream, own).
    """
    for policy, position in (("model-name", model_position), ("id", id_position)):
        held = {name: position(exchange) for name, exchange in trial.exchanges.items()}
        for name, exchange in trial.exchanges.items():
            wanted = exchange.policy.get(policy) or next(iter(held.values()))
            if wanted != "unspecified" and held[name] != wanted:
                what = f"{policy} is {held[name]} in a {exchange.mode} answer, not {wanted}"
                yield Finding(what, exchange=name)


def model_position(exchange: Exchange) -> str:
    whose = {
        (exchange.scenario or {}).get("model"): "upstream",
        exchange.asked("model"): "requested",
    }
    return whose.get(stated(exchange, "model"), "another")


def id_position(exchange: Exchange) -> str:
    made = PREFIXES[exchange.surface]
    given = {f"{made}{entry['nonce']}-{entry['attempt']}" for entry in exchange.journal}
    return "upstream" if stated(exchange, "id") in given else "own"
