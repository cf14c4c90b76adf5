"""Headers that say too much, or too little."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from conformance.exchange import Exchange, Headers, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read
from conformance.rules.hdr_rows import rows
from conformance.rules.http_head import scripted_headers
from conformance.rules.rule import comparison, rule
from conformance.wire import http

ANSWERS = "stream array plain error"

#: Headers whose values are credentials.
SECRETS = ("authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key",
           "cookie")  # fmt: skip
#: Those by which a client can ask.
KEYS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
#: Headers that tell of the provider's edge, account or software.
INTERNALS = ("set-cookie", "server", "via", "alt-svc", "cf-ray", "openai-organization",
             "openai-project", "x-envoy-upstream-service-time", "x-internal-node")  # fmt: skip
#: Where a client looks for the id of its request, if it is not x-request-id.
REQUEST_IDS = {"messages": "request-id"}
#: Headers of a request that belong to it as its body does.
OF_THE_API = ("anthropic-version", "anthropic-beta")
LIMITS = ("x-ratelimit-", "anthropic-ratelimit-")
SHORTEST = 8  # characters; a shorter value would be found in words that are no secret


@rule(
    "hdr.no-secret-leak",
    Level.MUST,
    on=ANSWERS,
    probes="healthy refusal hdr.no-secret-leak",
    needs="head upstream",
    basis=Basis.POLICY,
    cites="RFC 9110 17.16.1: confidentiality of credentials",
    bugs="maximhq/bifrost#3954",
)
def the_routers_key_stays_inside(exchange: Exchange) -> Iterator[Finding]:
    """Neither the router's credentials nor any the provider sends are in what the client gets."""
    for secret in _upstream_secrets(exchange) - _own_secrets(exchange):
        for name, value in exchange.headers:
            if secret in value:
                yield Finding(f"{name} has a credential of the provider's side",
                              where=f"header {name.lower()}")  # fmt: skip
        if secret.encode() in exchange.body:
            yield Finding("the body has a credential of the provider's side", where="body")


def _upstream_secrets(exchange: Exchange) -> set[str]:
    seen = [pair for entry in exchange.journal for pair in entry["request"]["headers"]]
    return _secrets([(name, value) for name, value in seen]) | _secrets(
        scripted_headers(exchange.scenario)
    )


def _own_secrets(exchange: Exchange) -> set[str]:
    return _secrets(exchange.request.headers) if exchange.request else set()


def _key(exchange: Exchange) -> set[str]:
    """Return the credential that goes up as the provider's key: one by which a client can ask.

    Where a client sends several, the router takes one of them for its key.
    """
    headers = exchange.request.headers if exchange.request else ()
    asked = [_secrets([pair]) for pair in headers if pair[0].lower() in KEYS]
    return next((key for key in asked if list(_arrived(exchange, key))), set())


def _arrived(exchange: Exchange, secrets: set[str]) -> Iterator[str]:
    """Yield each header in which the provider got one of them."""
    for entry in exchange.journal:
        for name, value in entry["request"]["headers"]:
            if any(secret in value for secret in secrets):
                yield name


def _secrets(headers: Headers | list[tuple[str, str]]) -> set[str]:
    values = (value.split()[-1] for name, value in headers
              if name.lower() in SECRETS and value.strip())  # fmt: skip
    return {value for value in values if len(value) >= SHORTEST}


@rule(
    "hdr.client-key-not-forwarded",
    Level.MUST,
    on=ANSWERS,
    probes="healthy hdr.client-key-not-forwarded",
    needs="request upstream",
    basis=Basis.POLICY,
    cites="RFC 9110 11.6.2 and 11.7.2: credentials are for the server they are sent to",
    bugs="kcolemangt/llm-router#13 NVIDIA-NeMo/Switchyard#410 BerriAI/litellm#32202 "
    "ranxianglei/billion-context#80",
)
def the_clients_key_goes_no_further(exchange: Exchange) -> Iterator[Finding]:
    """The client's key, cookies and proxy credentials do not reach the provider.

    Where the declared policy is `forwarded` the key by which the client asks is the provider's,
    and of several that it sends one goes up.
    """
    secrets = _own_secrets(exchange)
    if exchange.policy.get("client-key") == "forwarded":
        secrets -= _key(exchange)
    for name in _arrived(exchange, secrets):
        what = f"the provider got a credential of the client's in {name}"
        yield Finding(what, where="journal")


@rule(
    "hdr.no-internals",
    Level.SHOULD,
    on=ANSWERS,
    probes="hdr.no-internals",
    needs="head upstream",
    basis=Basis.POLICY,
    cites="RFC 6265 5.3: a cookie is for the host that sets it; RFC 9110 17.12: disclosure of "
    "product information",
    bugs="candelahq/candela#599 doublewordai/control-layer#1747 NVIDIA-NeMo/Switchyard#571",
)
def the_providers_edge_stays_unseen(exchange: Exchange) -> Iterator[Finding]:
    """Cookies, software names, account and edge headers of the provider do not pass."""
    for name, value in scripted_headers(exchange.scenario):
        if name.lower() in INTERNALS and value in (exchange.header(name) or ""):
            yield Finding(f"the provider's {name} was passed on", where=f"header {name.lower()}")


@rule(
    "hdr.request-id",
    Level.SHOULD,
    on=ANSWERS,
    probes="healthy refusal",
    needs="head",
    cites="OpenAI API reference, debugging requests: x-request-id; Anthropic documentation, "
    "errors: request-id; the SDKs expose it",
    bugs="vllm-project/vllm#9593 BerriAI/litellm#16534 Oaklight/llm-rosetta#122",
)
def every_answer_has_a_request_id(exchange: Exchange) -> Iterator[Finding]:
    """Every answer has an id of its request, streams and errors too.

    It is x-request-id, on the Messages API request-id. Where a profile declares a header that is
    `unique`, that one is its id.
    """
    declared = any(row.unique for row in rows(exchange))
    name = REQUEST_IDS.get(exchange.surface, "x-request-id")
    if not declared and not exchange.header(name):
        yield Finding(f"no {name}", where=f"header {name}")


@rule(
    "hdr.client-headers-needed",
    Level.SHOULD,
    on="messages.stream messages.plain messages.error",
    probes="healthy hdr.client-headers-needed",
    needs="request upstream",
    cites="Anthropic documentation, versions and beta headers: they say what the request means",
    bugs="lemonade-sdk/lemonade#3223",
)
def headers_of_the_api_go_up(exchange: Exchange) -> Iterator[Finding]:
    """anthropic-version and anthropic-beta reach the provider as the client sent them.

    A router may ask for further betas. To a provider with another API they say nothing.
    """
    sent = _api_headers(exchange.request.headers if exchange.request else ())
    for entry in exchange.journal:
        if read.api(exchange, entry) != exchange.surface:
            continue
        heard = _api_headers(entry["request"]["headers"])
        for name, words in sent.items():
            if missing := sorted(words - heard.get(name, set())):
                what = f"{name}: {', '.join(missing)} did not reach the provider"
                yield Finding(what, where="journal")


def _api_headers(headers: Iterable[Sequence[str]]) -> dict[str, set[str]]:
    """Return the words of each header that says how the request is to be read."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, value in headers:
        if name.lower() in OF_THE_API:
            found[name.lower()] |= set(http.words(value))
    return found


@comparison(
    "hdr.ratelimit-forwarded",
    Level.SHOULD,
    on="stream plain",
    probes="hdr.ratelimit-forwarded",
    needs="head upstream",
    cites="OpenAI API reference, rate limits in headers: on every answer",
    bugs="BerriAI/litellm#27748 BerriAI/litellm#5957 BerriAI/litellm#32711",
)
def rate_limits_are_on_streams_too(trial: Trial) -> Iterator[Finding]:
    """The rate-limit headers of a plain answer are on a stream too, and the other way round."""
    if any(exchange.form == "error" for exchange in trial.exchanges.values()):
        return
    stream, plain = _limits(trial["stream"]), _limits(trial["plain"])
    for name in sorted(stream ^ plain):
        lacks = "plain" if name in stream else "stream"
        what = f"{name} is missing, the other answer has it"
        yield Finding(what, where=f"header {name}", exchange=lacks)


def _limits(exchange: Exchange) -> set[str]:
    names = (name.lower() for name, _ in exchange.headers)
    return {name for name in names if name.startswith(LIMITS)}
