"""Every scenario on the messages surface: what it becomes fits the published shapes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mockprovider import rendering, scenario
from mockprovider.scenario import Scenario
from mockprovider.shapes import Json
from mockprovider.slots import Filling
from mockprovider.steps import Error, Raw
from mockprovider.surfaces import messages
from mockprovider.surfaces.surface import Ask
from mockprovider.timeline import ENDS, Send

Faults = Callable[[str, Json], dict[str, str]]
FOLDER = Path(__file__).parents[2] / "fixtures" / "scenarios"
FILLING = Filling("r1-1-1", "m", 1_770_000_000)
SCENARIOS = {path.stem: scenario.load(path) for path in sorted(FOLDER.glob("*.toml"))}

# state -> the event that may come next -> the state it leads to; a ping may come after the start.
GRAMMAR = {
    "start": {"message_start": "between", "error": "over"},
    "between": {"ping": "between", "content_block_start": "inside", "message_delta": "told",
                "message_stop": "over", "error": "over"},
    "inside": {"ping": "inside", "content_block_delta": "inside", "content_block_stop": "between",
               "error": "over"},
    "told": {"ping": "told", "message_stop": "over", "error": "over"},
    "over": {},
}  # fmt: skip


def neutral(played: Scenario) -> bool:
    """Tell whether a scenario has no bytes of its own, which would be those of another surface."""
    return not any(
        script.head.body or any(isinstance(step, Raw) for step in script.steps)
        for script in played.scripts
    )


NEUTRAL = [name for name, played in SCENARIOS.items() if neutral(played)]
STREAMED = [name for name in NEUTRAL if SCENARIOS[name].scripts[0].head.status < 400]


def sent(name: str, ask: Ask) -> Iterator[bytes]:
    for script in SCENARIOS[name].scripts:
        timeline = rendering.render(SCENARIOS[name], script, messages.SURFACE, ask).filled(FILLING)
        yield from (step.data for step in timeline if isinstance(step, Send))


def events(name: str) -> list[tuple[str, Json]]:
    found = (event for event in sent(name, Ask(stream=True, usage=True)) if event[:1] != b":")
    lines = [event.decode().removesuffix("\n\n").split("\n") for event in found]
    assert all(len(each) == 2 for each in lines)
    return [
        (line.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for line, data in lines
    ]


@pytest.mark.parametrize("name", STREAMED)
def test_every_event_fits_the_published_shape(name: str, faults: Faults) -> None:
    told = events(name)

    assert [event for event, data in told if event != data["type"]] == []
    assert [faults("anthropic-messages-event", data) for _, data in told] == [{}] * len(told)


@pytest.mark.parametrize("name", NEUTRAL)
def test_every_plain_answer_fits_the_published_shape(name: str, faults: Faults) -> None:
    steps = [step for script in SCENARIOS[name].scripts for step in script.steps]
    failed = any(isinstance(step, Error) for step in steps)
    ended = failed or not any(isinstance(step, ENDS) for step in steps)
    shape = "anthropic-error" if failed else "anthropic-message"

    answers = [json.loads(body) for body in sent(name, Ask(usage=True)) if ended]

    assert [faults(shape, answer) for answer in answers] == [{}] * len(answers)


@pytest.mark.parametrize("name", STREAMED)
def test_the_events_come_in_the_order_of_the_grammar(name: str) -> None:
    told, state, indexes = events(name), "start", list[int]()

    for event, data in told:
        state = GRAMMAR[state][event]
        if event == "content_block_start":
            indexes.append(data["index"])
        if "index" in data:
            assert data["index"] == indexes[-1]

    ended = all(
        not isinstance(step, ENDS) for script in SCENARIOS[name].scripts for step in script.steps
    )
    assert indexes == list(range(len(indexes)))
    assert state == "over" or not ended
