"""Every scenario on the Gemini surface: both forms of a stream fit the published shapes."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mockprovider import rendering, scenario
from mockprovider.scenario import Scenario, Script
from mockprovider.shapes import Json
from mockprovider.slots import Filling
from mockprovider.steps import Error, Raw
from mockprovider.surfaces import gemini
from mockprovider.surfaces.surface import Ask, Surface
from mockprovider.timeline import ENDS, Send

Faults = Callable[[str, Json], dict[str, str]]
FOLDER = Path(__file__).parents[2] / "fixtures" / "scenarios"
FILLING = Filling("r1-1-1", "m", 1_770_000_000)
SCENARIOS = {path.stem: scenario.load(path) for path in sorted(FOLDER.glob("*.toml"))}
STREAM = Ask(stream=True, usage=True)


def neutral(played: Scenario) -> bool:
    """Tell whether a scenario has no bytes of its own, which would be those of another surface."""
    return not any(
        script.head.body or any(isinstance(step, Raw) for step in script.steps)
        for script in played.scripts
    )


NEUTRAL = [name for name, played in SCENARIOS.items() if neutral(played)]
STREAMED = [name for name in NEUTRAL if SCENARIOS[name].scripts[0].head.status < 400]


def sent(name: str, script: Script, ask: Ask, surface: Surface = gemini.SURFACE) -> Sequence[bytes]:
    timeline = rendering.render(SCENARIOS[name], script, surface, ask).filled(FILLING)
    return [step.data for step in timeline if isinstance(step, Send)]


def streams(name: str) -> Iterator[list[Json]]:
    """Yield the chunks of each attempt."""
    for script in SCENARIOS[name].scripts:
        events = sent(name, script, STREAM)
        assert all(each.startswith(b"data: {") for each in events)
        assert all(each.endswith(b"}\r\n\r\n") for each in events)
        yield [json.loads(each[6:]) for each in events]


def shape(chunk: Json) -> str:
    return "gemini-error" if "error" in chunk else "gemini-response"


@pytest.mark.parametrize("name", STREAMED)
def test_every_chunk_fits_the_published_shape(name: str, faults: Faults) -> None:
    told = [chunk for chunks in streams(name) for chunk in chunks]

    assert [faults(shape(chunk), chunk) for chunk in told] == [{}] * len(told)


@pytest.mark.parametrize("name", STREAMED)
def test_the_array_says_what_the_events_say(name: str) -> None:
    for script, chunks in zip(SCENARIOS[name].scripts, streams(name), strict=True):
        body = b"".join(sent(name, script, STREAM, gemini.ARRAY))
        ended = not (script.steps and isinstance(script.steps[-1], ENDS))

        assert json.loads(body + (b"" if ended else b"]" if body else b"[]")) == chunks


@pytest.mark.parametrize("name", STREAMED)
def test_each_candidate_ends_once_and_usage_only_grows(name: str) -> None:
    for script, chunks in zip(SCENARIOS[name].scripts, streams(name), strict=True):
        found = [candidate for chunk in chunks for candidate in chunk.get("candidates", ())]
        ends = [each["index"] for each in found if "finishReason" in each]
        totals = [
            chunk["usageMetadata"]["totalTokenCount"]
            for chunk in chunks
            if "usageMetadata" in chunk
        ]
        whole = not any(isinstance(step, (Error, *ENDS)) for step in script.steps)

        assert totals == sorted(totals)
        assert not whole or ends == sorted({each["index"] for each in found})


@pytest.mark.parametrize("name", NEUTRAL)
def test_every_plain_answer_fits_the_published_shape(name: str, faults: Faults) -> None:
    for script in SCENARIOS[name].scripts:
        failed = any(isinstance(step, Error) for step in script.steps)
        if not failed and any(isinstance(step, ENDS) for step in script.steps):
            continue
        (answer,) = map(json.loads, sent(name, script, Ask(usage=True)))

        assert failed == ("error" in answer)
        assert faults(shape(answer), answer) == {}


@pytest.mark.parametrize("name", NEUTRAL)
def test_every_count_fits_the_published_shape(name: str, faults: Faults) -> None:
    for script in SCENARIOS[name].scripts:
        if any(isinstance(step, (Error, *ENDS)) for step in script.steps):
            continue
        (answer,) = map(json.loads, sent(name, script, Ask(usage=True), gemini.COUNT))

        assert faults("gemini-count-tokens", answer) == {}
