"""Routers that play others: where they are, what they answer there, what they are held to."""

import json
import zlib
from base64 import urlsafe_b64encode
from decimal import Decimal

import httpx
import pytest

from conformance.exchange import Json
from conformance.selfcheck.emulations import EMULATIONS
from conformance.selfcheck.mutants import MUTANTS
from conformance.selfcheck.reference import REFERENCE
from conformance.selfcheck.routers import origin, promised, reached, routers
from conformance.selfcheck.servers import Servers

KEY = {"authorization": "Bearer sk-conformance"}
HELLO: Json = {"model": "flux-auto", "messages": [{"role": "user", "content": "Hello."}]}


def test_a_router_is_held_to_the_profile_of_the_good_one_it_is_made_of() -> None:
    assert [origin(name) for name in ("reference", "drops_done", "fluxrouter")] == [
        "reference", "reference", "fluxrouter",
    ]  # fmt: skip
    assert origin("says_the_cost_ahead") == "fluxrouter"
    assert {name: promised(name).name for name in EMULATIONS} == {name: name for name in EMULATIONS}


def test_a_mutant_of_an_emulation_is_that_but_for_one_part() -> None:
    made, good = routers()["says_the_cost_ahead"], EMULATIONS["fluxrouter"]

    assert made.stream_headers is MUTANTS["says_the_cost_ahead"].value
    assert made.answer is good.answer
    assert made.answer is not REFERENCE.answer


@pytest.mark.parametrize("name", EMULATIONS)
def test_an_emulation_has_the_surfaces_of_its_profile_where_that_says(name: str) -> None:
    profile, parts = promised(name), EMULATIONS[name]

    assert set(parts.dialects) == set(profile.surfaces)
    for surface, dialect in parts.dialects.items():
        base = reached("http://x", name).base(surface).removeprefix(f"http://x/{name}")
        assert any(path.startswith(f"{base}/") for path in dialect.paths)


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/fluxrouter/v1/models", 200, '"flux-auto"'),
        ("POST", "/fluxrouter/chat", 404, "nothing is at /fluxrouter/chat"),
        ("POST", "/fluxrouter/mcp", 200, '"jsonrpc"'),
        ("GET", "/fluxrouter/anthropic/v1/models", 403, '"type":"permission_error"'),
        ("POST", "/fluxrouter/anthropic/v1/messages/count_tokens", 200, '"input_tokens"'),
        ("POST", "/fluxrouter/v1/messages", 404, "nothing is at /v1/messages"),
        ("POST", "/reference/anthropic/v1/messages", 404, "nothing is at /anthropic/v1/messages"),
        ("GET", "/flexai/v1/models", 200, '"category":"chat"'),
        ("GET", "/flexai/api/models", 200, '"max_output"'),
        ("POST", "/flexai/v1/embeddings", 400, '"input"'),
        ("POST", "/flexai/v1/batches", 404, "/flexai/v1/batches is not supported"),
        ("POST", "/flexai/v1/chat/completions", 400, '"code":"model_not_found"'),
        ("GET", "/anyrouter/api/v1/credits", 200, '"total_credits"'),
        ("GET", "/anyrouter/api/v1/generation/none", 404, '"type":"not_found_error"'),
        ("GET", "/arouter/v1/key", 200, '"limit_remaining"'),
        ("GET", "/arouter/api/v1/keys", 403, '"type":"permission_error"'),
        ("POST", "/arouter/openai/v1/chat/completions", 200, '"object":"chat.completion"'),
        ("POST", "/arouter-2026/openai/v1/nothing", 404, '"error"'),
        ("POST", "/nobody/anthropic/v1/messages", 404, "no router 'nobody'"),
    ],
)
def test_pages_are_of_the_router_that_has_them(
    method: str, path: str, status: int, words: str, started: Servers
) -> None:
    body = HELLO if method == "POST" else None
    answer = httpx.request(method, started.routers_url + path, headers=KEY, json=body)

    assert answer.status_code == status
    assert words in answer.text


def test_health_alone_answers_without_a_key(started: Servers) -> None:
    paths = ("/healthz", "/v1/models", "/v1/key", "/api/v1/keys")
    told = [httpx.get(f"{started.routers_url}/arouter{path}").status_code for path in paths]

    assert told == [200, 401, 401, 401]


def test_what_an_answer_cost_is_found_by_its_id(started: Servers) -> None:
    base = f"{started.routers_url}/anyrouter/api/v1"
    answer = httpx.post(f"{base}/chat/completions", headers=KEY, json=HELLO).json()

    told = httpx.get(f"{base}/generation/{answer['id']}", headers=KEY).json()["data"]

    assert (told["id"], told["model"]) == (answer["id"], "flux-auto")
    assert told["tokens_completion"] == answer["usage"]["completion_tokens"]


def test_flux_says_what_it_did_and_what_it_cost(started: Servers) -> None:
    base = f"{started.routers_url}/fluxrouter/v1"
    auto, pinned, streamed = (
        httpx.post(f"{base}/chat/completions", headers=KEY, json={**HELLO, **asked}).headers
        for asked in ({}, {"model": "flux-pinned-mock-model"}, {"stream": True})
    )

    names = ("x-flux-model", "x-flux-original-model", "x-flux-routed")
    assert [auto[name] for name in names] == ["mock-model", "flux-auto", "true"]
    assert [pinned[name] for name in names] == ["mock-model", "flux-pinned-mock-model", "false"]
    assert Decimal(auto["x-flux-cost-usd"]) > 0
    assert "x-flux-cost-usd" not in streamed
    assert len({each["x-flux-request-id"] for each in (auto, pinned, streamed)}) == 3


def test_flex_gives_the_finish_reason_a_chunk_of_its_own(started: Servers) -> None:
    steps = [{"say": "Sage"}, {"finish": "stop"}]
    script = {"summary": "One chunk.", "step": steps, "chat": {"finish": "joined"}}
    packed = zlib.compress(json.dumps(script).encode())
    marker = urlsafe_b64encode(packed).decode().rstrip("=")
    asked: Json = {
        "model": "Qwen/Qwen2.5-32B-Instruct",
        "stream": True,
        "messages": [{"role": "user", "content": f"[[mock:inline:{marker}#flex.1-1]]"}],
    }

    url = f"{started.routers_url}/flexai/v1/chat/completions"
    lines = httpx.post(url, headers=KEY, json=asked).text.split("\n\n")
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines if "{" in line]

    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    told = [(choice["delta"].get("content"), choice["finish_reason"]) for choice in choices]
    assert [pair for pair in told if any(pair)] == [("Sage", None), (None, "stop")]
