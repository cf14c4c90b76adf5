"""What the mock plays of a script, on the Gemini surface, reads as what the script says."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from conformance.drive.capture import Limits
from conformance.drive.client import Client
from conformance.drive.mock import Mock
from conformance.drive.target import target
from conformance.drive.trial import Bench, run
from conformance.drive.upstream import Upstream, upstream
from conformance.exchange import Exchange, Json, Trial
from conformance.probes.probe import Probe, Send
from conformance.protocols import read
from conformance.protocols.outcome import Choice, Outcome, Usage

THOUGHTS: Json = {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}
TWO: Json = {"n": 2}
FORMS = ("stream", "array", "plain")

NEUTRAL = (
    "content-filter", "extras", "framing", "length", "logprobs", "lookalike", "multibyte",
    "no-usage", "one-token", "reasoning", "refusal", "separators", "text", "text-then-tool",
    "tool-beside-text", "tool-call", "tool-holds", "tool-in-finish", "tools-interleaved",
    "tools-parallel", "two-choices", "unfinished", "unicode", "usage-classes", "usage-running",
    "whitespace",
)  # fmt: skip
ERRORS = ("cut", "cut-arguments", "reset", "error-429", "error-500", "error-first", "error-inband",
          "refused")  # fmt: skip
# What breaks off has no usage yet, or is no whole answer in the plain form.
BROKEN = ("cut", "cut-arguments", "reset")


@pytest.fixture(scope="module")
def mock() -> Iterator[Upstream]:
    with upstream(0) as running:
        yield running


async def _asked(mock: Upstream, probe: Probe) -> Trial:
    control = Mock(mock.control_url)
    # Calls come whole here: there is nothing to wait for in the middle of one.
    limits = Limits(deadline=10.0, patience=0.2)
    async with Client() as http:
        bench = Bench(target(f"{mock.data_url}/v1"), http, control, limits)
        try:
            return await run(probe, "gemini", bench, "renderings")
        finally:
            await control.close()


def asked(mock: Upstream, name: str, ask: Json, change: Json) -> Mapping[str, Exchange]:
    sends = {form: Send(form, ask=ask, change=change) for form in FORMS}
    trial = asyncio.run(_asked(mock, Probe(name, "", name, sends)))
    assert not trial.trouble
    return trial.exchanges


def without_ids(outcome: Outcome) -> Outcome:
    """The mock states no class of tokens that is zero; a script may not either."""
    usage = outcome.usage
    counted = usage and Usage(usage.input, usage.output, usage.total, usage.cached or None,
                              usage.reasoning or None)  # fmt: skip
    return replace(outcome, usage=counted)


@pytest.mark.parametrize("name", NEUTRAL)
def test_an_answer_reads_as_its_script_in_every_form(mock: Upstream, name: str) -> None:
    ask = {**THOUGHTS, **(TWO if name == "two-choices" else {})}

    for form, exchange in asked(mock, name, ask, {}).items():
        assert (form, exchange.status) == (form, 200)
        assert without_ids(read.outcome(exchange)) == without_ids(read.scripted(exchange)), form


# a habit of those who speak Gemini; each is the same answer
HABITS: Json = {
    "line_end": "lf", "json": "ascii", "index": "absent", "finish": "joined",
    "call_id": "absent", "thoughts": "always", "finish_message": "given", "cite": "citation",
}  # fmt: skip


@pytest.mark.parametrize("habit", HABITS)
def test_a_habit_changes_nothing(mock: Upstream, habit: str) -> None:
    change = {"gemini": {habit: HABITS[habit]}}

    for exchange in asked(mock, "text-then-tool", THOUGHTS, change).values():
        assert without_ids(read.outcome(exchange)) == without_ids(read.scripted(exchange))


@pytest.mark.parametrize("place", ["every", "prompt", "last", "own", "traffic"])
def test_usage_reads_the_same_wherever_it_is(mock: Upstream, place: str) -> None:
    change = {"gemini": {"usage": place}}

    for exchange in asked(mock, "usage-classes", THOUGHTS, change).values():
        assert read.outcome(exchange).usage == Usage(1009, 60, 1069, 401, 29)


def test_calls_value_by_value_read_like_whole_ones(mock: Upstream) -> None:
    change = {"gemini": {"arguments": "partial"}}

    for exchange in asked(mock, "multibyte", {}, change).values():
        assert read.outcome(exchange).choices == read.scripted(exchange).choices


def test_a_blocked_prompt_reads_as_filtered(mock: Upstream) -> None:
    change = {"gemini": {"block": "PROHIBITED_CONTENT"}}

    for exchange in asked(mock, "content-filter", {}, change).values():
        assert read.outcome(exchange).choices == (Choice(finish="content_filter"),)
        assert read.stated(exchange) == {0: "PROHIBITED_CONTENT"}


@pytest.mark.parametrize("name", ERRORS)
def test_a_failure_is_told_in_every_form(mock: Upstream, name: str) -> None:
    for form, exchange in asked(mock, name, {}, {}).items():
        told = read.failure(exchange)
        assert exchange.form == "error" or read.failed(exchange) or told, form
        if name not in BROKEN:
            assert told == read.scripted(exchange).failure, form
            assert read.misshapen(exchange) == [], form
