"""Presets of providers: the judge's profile of the same name accepts what the mock plays."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from conformance.exchange import Exchange, Json, Request, Trial
from conformance.profiles.profile import load
from conformance.rules import RULES
from conformance.verdicts import Kind, Verdict, judge

PRESETS: dict[str, Json] = {
    path.stem: tomllib.loads(path.read_text("utf-8"))
    for path in (Path(__file__).parents[1] / "fixtures/providers").glob("*.toml")
}
CHAT = sorted(name for name, preset in PRESETS.items() if "chat" in preset)
SCENARIOS = ("text", "tool-call", "tools-parallel", "reasoning")

# A requirement of OpenAI's profile that each breaks; what the others do is odd and allowed.
BREAKS = {
    "azure": "chunk.id-stable",
    "cerebras": "done.present",
    "cloudflare-workers-ai": "chunk.role-first",
    "databricks": "chunk.created-model-stable",
    "groq": "chunk.created-model-stable",
    "ollama": "chunk.created-model-stable",
    "perplexity": "done.present",
    "snowflake": "finish.present",
    "writer": "done.present",
    "xai": "chunk.required-keys",
    "zai": "chunk.required-keys",
}
HAVE = frozenset({"request", "head"})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    ports = ("--port", "0", "--control-port", "0")
    command = [sys.executable, "-m", "mockprovider", "serve", *ports, "--print-json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["data_url"] + "/v1/chat/completions"
        finally:
            process.terminate()


def streamed(url: str, scenario: str, preset: str) -> Exchange:
    prompt = f"[[mock:{scenario}@{preset}#presets-{scenario}.{preset}]]"
    asked = {
        "model": "m", "stream": True, "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": prompt}],
    }  # fmt: skip
    answer = httpx.post(url, json=asked, headers={"authorization": "Bearer k"}, trust_env=False)
    request = Request("POST", url, (), asked)
    headers = tuple(answer.headers.items())
    return Exchange("chat", "stream", request, answer.status_code, headers, answer.content)


def verdicts(exchange: Exchange, profile: str) -> dict[str, Verdict]:
    trial = Trial("preset", {"stream": exchange})
    told = load(profile)
    rules = [rule for rule in RULES.values() if rule.needs <= HAVE and "healthy" in rule.probes]
    return {rule.id: judge(rule, trial, told, HAVE) for rule in rules}


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("preset", CHAT)
def test_the_profile_of_a_provider_accepts_its_preset(url: str, preset: str, scenario: str) -> None:
    told = verdicts(streamed(url, scenario, preset), preset)

    failed = {rule: v.findings for rule, v in told.items() if v.kind is Kind.FAIL}
    assert failed == {}
    assert Kind.PASS in {verdict.kind for verdict in told.values()}


@pytest.mark.parametrize(("preset", "rule"), BREAKS.items())
def test_what_openai_would_never_do_fails_under_its_profile(
    url: str, preset: str, rule: str
) -> None:
    told = verdicts(streamed(url, "text", preset), "openai")

    assert told[rule].kind is Kind.FAIL
