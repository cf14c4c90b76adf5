"""OpenAI's completions of before chat: plain text, streamed or whole."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mockprovider.requests import refusal
from mockprovider.shapes import Json, mismatches
from mockprovider.slots import slot
from mockprovider.steps import Error, Finish, Ping, Say, Spoken, Step, Steps, Usage
from mockprovider.surfaces import openai
from mockprovider.surfaces.chat.habits import Habits
from mockprovider.surfaces.chat.members import usage
from mockprovider.surfaces.neutral import aside
from mockprovider.surfaces.openai import FLAG, OBJECT, TEXT, TEXT_OR_NULL, number, typed
from mockprovider.surfaces.surface import Ask, Reading, Route, Surface
from mockprovider.surfaces.writing import written
from mockprovider.timeline import ENDS, Close, Moment, Send, Timeline

Body = Mapping[str, Json]
DONE = Send(b"data: [DONE]\n\n", "done")
TOKENS = {"type": "array", "minItems": 1, "items": {"type": ["integer", "string", "array"]}}
REQUEST: dict[str, Json] = {
    "type": "object",
    "required": ["model", "prompt"],
    "properties": {
        "model": TEXT,
        "prompt": {"anyOf": [TEXT, TOKENS, {"type": "null"}]},
        "best_of": number(0, 20, "integer"),
        "echo": FLAG,
        "frequency_penalty": number(-2, 2),
        "logit_bias": OBJECT,
        "logprobs": number(0, 5, "integer"),
        "max_tokens": {"type": ["integer", "null"], "minimum": 0},
        "n": number(1, 128, "integer"),
        "presence_penalty": number(-2, 2),
        "seed": {"type": ["integer", "null"]},
        "stop": {
            "anyOf": [TEXT, {"type": "array", "items": TEXT, "maxItems": 4}, {"type": "null"}]
        },
        "stream": FLAG,
        "stream_options": {
            "type": ["object", "null"],
            "properties": {"include_usage": FLAG, "include_obfuscation": FLAG},
            "additionalProperties": False,
        },
        "suffix": TEXT_OR_NULL,
        "temperature": number(0, 2),
        "top_p": number(0, 1),
        "user": TEXT_OR_NULL,
    },
    "additionalProperties": False,
}
# This API knows no tools: such an answer has simply stopped.
STOPS = ("tool_calls", "function_call")


def read(body: Json, context: str = "") -> Reading:
    """Understand a request as strictly as OpenAI does."""
    wrong = [refusal(each) for each in mismatches(REQUEST, body, root=REQUEST)]
    known = body if isinstance(body, dict) else {}
    if not wrong and known.get("stream_options") is not None and not known.get("stream"):
        told = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        wrong.append(openai.invalid(told, "stream_options"))
    return openai.understood(known, wrong, ask(known), str(prompts(known)[-1] or ""))


def ask(body: Body) -> Ask:
    """Read what shapes the answer; a member of a wrong type counts as not given."""
    asked = prompts(body)
    options = typed(body, "stream_options", dict) or {}
    return Ask(
        stream=body.get("stream") is True,
        n=(typed(body, "n", int) or 1) * len(asked),
        limit=typed(body, "max_tokens", int),
        stop=openai.stops(body),
        logprobs=typed(body, "logprobs", int),
        usage=options.get("include_usage") is True,
        given=json.dumps(asked if body.get("echo") is True else []),
    )


def prompts(body: Body) -> list[Json]:
    """Return each prompt of a request: texts, or lists of tokens."""
    prompt = body.get("prompt")
    many = isinstance(prompt, list) and prompt and not isinstance(prompt[0], int)
    return prompt if many else [prompt]  # type: ignore[return-value]


def stream(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> Timeline:
    """Render the steps of a streamed answer."""
    timeline = tuple(Rendering(ask).render((*echoed(ask), *steps)))
    if steps and isinstance(steps[-1], ENDS):
        return timeline
    return (*timeline, DONE, Close())


def plain(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> bytes:
    """Fold the steps into one completion."""
    rendering = Rendering(ask)
    choices = [rendering.whole((*echoed(ask), *steps), index) for index in range(ask.n)]
    bill = next((step for step in steps if isinstance(step, Usage)), None)
    counted = {} if bill is None else {"usage": usage(bill, Habits())}
    return written({**envelope(), "choices": choices, **counted}, "compact")


def echoed(ask: Ask) -> Iterator[Say]:
    """Yield the prompts as if they were said, if the request wants to hear them again."""
    asked = json.loads(ask.given)
    for index in range(ask.n if asked else 0):
        yield Say(str(asked[index * len(asked) // ask.n]), index, tokens=0)


def envelope() -> dict[str, Json]:
    """Return the members every chunk, and the whole answer, begins with."""
    return {
        "id": f"cmpl-{slot('id')}",
        "object": "text_completion",
        "created": slot("created"),
        "model": slot("model"),
        "system_fingerprint": "fp_mock000001",
    }


@dataclass(slots=True)
class Rendering:
    """One answer while it is being rendered; `said` counts the characters of each choice."""

    ask: Ask
    said: dict[int, int] = field(default_factory=dict)

    def render(self, steps: Steps) -> Iterator[Moment]:
        for step in steps:
            yield from self._step(step)

    def whole(self, steps: Steps, index: int) -> dict[str, Json]:
        own = [step for step in steps if isinstance(step, Spoken) and (step.choice or 0) == index]
        says = [step for step in own if isinstance(step, Say)]
        ends = [step for step in own if isinstance(step, Finish)]
        says += [Say(end.say) for end in ends if end.say]
        rows = [row for said in says for row in self._rows(said)]
        text = "".join(said.whole * said.repeat for said in says)
        return self._choice(index, text, rows, ends[0].reason if ends else None)

    def _step(self, step: Step) -> Iterator[Moment]:
        match step:
            case Say():
                choice = self._choice(step.choice or 0, step.whole, self._rows(step))
                yield self._chunk([choice], step.tokens, step.repeat)
            case Finish():
                rows = self._rows(Say(step.say)) if step.say else []
                choice = self._choice(step.choice or 0, step.say, rows, step.reason)
                yield self._chunk([choice], int(bool(step.say)))
            case Usage():
                if self.ask.usage or step.unasked:
                    yield self._event(envelope() | {"choices": [], "usage": usage(step, Habits())})
            case Error():
                yield self._event(openai.error(step))
            case Ping():
                yield Send(b": ping\n\n", "comment", 0)
            case _ if not isinstance(step, Spoken):
                yield aside(step)

    def _rows(self, step: Say) -> list[Json]:
        # The prompt, told again, is no token of the answer.
        if self.ask.logprobs is None or not step.tokens:
            return []
        return openai.logprobs(step.whole, step.tokens, self.ask.logprobs) * step.repeat

    def _choice(
        self, index: int, text: str, rows: list[Json], finish: str | None = None
    ) -> dict[str, Json]:
        logprobs = self._logprobs(index, rows) if self.ask.logprobs is not None else None
        reason = "stop" if finish in STOPS else finish
        return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": reason}

    def _logprobs(self, index: int, rows: list[Json]) -> dict[str, Json]:
        offsets = list[int]()
        for row in rows:
            offsets.append(self.said.get(index, 0))
            self.said[index] = offsets[-1] + len(row["token"])
        tops = [{top["token"]: top["logprob"] for top in row["top_logprobs"]} for row in rows]
        return {
            "tokens": [row["token"] for row in rows],
            "token_logprobs": [row["logprob"] for row in rows],
            "top_logprobs": tops,
            "text_offset": offsets,
        }

    def _chunk(self, choices: list[Json], tokens: int, times: int = 1) -> Send:
        body = envelope() | {"choices": choices} | ({"usage": None} if self.ask.usage else {})
        return self._event(body, tokens, times)

    def _event(self, body: Json, tokens: int = 0, times: int = 1) -> Send:
        data = written(body, "compact")
        return Send(b"data: " + data + b"\n\n", tokens=tokens, times=times)


SURFACE = Surface(
    name="completions",
    routes=(Route("POST", re.compile(r"(?:/v1)?/completions")),),
    credential=openai.bearer,
    read=read,
    head=openai.head,
    stream=stream,
    plain=plain,
    envelope=openai.envelope,
)
