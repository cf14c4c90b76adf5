"""Steps in, the events of a chat completion stream out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from mockprovider import steps as say
from mockprovider.shapes import Json
from mockprovider.steps import Step, Steps
from mockprovider.surfaces import openai
from mockprovider.surfaces.chat import members
from mockprovider.surfaces.chat.habits import Habits
from mockprovider.surfaces.chat.joining import joined
from mockprovider.surfaces.chat.tools import Tools
from mockprovider.surfaces.neutral import aside
from mockprovider.surfaces.surface import Ask
from mockprovider.surfaces.writing import ABSENT, WORDS, present
from mockprovider.timeline import ENDS, Close, Moment, Send, Timeline

Delta = Mapping[str, Json]
DONE = Send(b"data: [DONE]\n\n", "done")
AZURE_FIRST = {
    "choices": [], "created": 0, "id": "", "model": "", "object": "",
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}],
}  # fmt: skip
FINISH_DELTAS: Delta = {
    "bare": {},
    "absent": ABSENT,
    "null-content": {"content": None},
    "empty-content": {"content": ""},
}
NO_CHOICES: Delta = {"empty": [], "null": None, "absent": ABSENT}
NO_LOGPROBS: Delta = {"content": [], "refusal": None}
USAGE_OF_OWN = ("chunk", "both", "choice", "choice-and-chunk", "no-choices", "repeat-choice")
DONE_LAST: Delta = {"object": "chat.completion.done"}


def stream(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> Timeline:
    """Render the steps of a streamed answer."""
    script = tuple(steps)
    rendering = Rendering(ask, Habits(**habits), script)
    timeline = tuple(rendering.render())
    return timeline if timeline and isinstance(timeline[-1], ENDS) else (*timeline, Close())


@dataclass(slots=True)
class Rendering:
    """One stream while it is being rendered."""

    ask: Ask
    habits: Habits
    script: Steps
    bill: say.Usage | None = None
    tokens: int = 0
    chunks: int = 0
    joined: say.Finish | None = None
    opened: set[int] = field(default_factory=set)
    tools: Tools = field(init=False)

    def __post_init__(self) -> None:
        self.tools = Tools(self.habits)
        self.bill = next((self._placed(s) for s in self.script if isinstance(s, say.Usage)), None)

    def render(self) -> Iterator[Moment]:
        if self.habits.first_chunk == "azure":
            yield self._event(AZURE_FIRST)
        for step, after in zip_longest(self.script, self.script[1:]):
            if step is not self.joined:
                self.joined = joined(step, after, self.habits)
                yield from self._step(step)
        if self.habits.done and not (self.script and isinstance(self.script[-1], ENDS)):
            yield DONE

    def _step(self, step: Step) -> Iterator[Moment]:
        match step:
            case say.Say():
                delta = {"content": step.whole, **step.extra}
                sent = tuple(self._spoken(step.choice, delta, step.tokens, said=step.whole))
                yield from sent[:-1]
                yield replace(sent[-1], times=step.repeat)
            case say.Think():
                yield from self._spoken(
                    step.choice, members.reasoning(step, self.habits), step.tokens
                )
            case say.Refuse():
                yield from self._spoken(
                    step.choice, {"refusal": step.text}, step.tokens, refused=step.text
                )
            case say.Cite():
                yield from self._spoken(step.choice, {"annotations": [members.citation(step)]}, 0)
            case say.Call():
                yield from self._call(step)
            case say.Arguments():
                for delta, tokens in self.tools.more(step):
                    yield from self._spoken(step.choice, delta, tokens)
            case say.Finish():
                yield from self._finish(step)
            case say.Usage():
                yield from self._usage()
            case _:
                yield from self._outside(step)

    def _outside(self, step: Step) -> Iterator[Moment]:
        """Render what is no part of the answer itself."""
        match step:
            case say.Ping():
                yield Send(b": ping\n\n", "comment", 0)
            case say.Error():
                yield from self._error(step)
            case _:
                yield aside(step)

    def _spoken(
        self, choice: int | None, delta: Delta, tokens: int, *, said: str = "", refused: str = ""
    ) -> Iterator[Send]:
        """Send a delta, after the delta that opens its choice."""
        index = choice or 0
        first = index not in self.opened
        if first and self._opens_alone(delta):
            yield self._opening(index, delta)
            first = False
        self.opened.add(index)
        self.tokens += tokens
        role = members.role(self.habits, first=first)
        inner = {**role, **self._no_text(delta), **delta, **self.habits.delta_extra}
        logprobs = self._logprobs(said, refused, tokens)
        end = self.joined
        finish = end.reason if end is not None else None
        body = self._choice(index, inner, logprobs=logprobs, finish=finish)
        yield self._chunk([body], tokens=tokens) if end is None else self._last(body, tokens)

    def _opens_alone(self, delta: Delta) -> bool:
        """OpenAI opens a choice with a chunk of its own, unless all it does is call one tool."""
        lone_call = "tool_calls" in delta and self.tools.only_one(self.script)
        return self.habits.opening == "own" and not lone_call and self.habits.role != "never"

    def _opening(self, index: int, delta: Delta) -> Send:
        self.opened.add(index)
        native = "" if "content" in delta else None
        content = WORDS.get(self.habits.opening_content, native)
        refusal = None if self.habits.opening_content == "native" else ABSENT
        opening = {"role": "assistant", "content": content, "refusal": refusal}
        logprobs = None if self.ask.logprobs is None else NO_LOGPROBS
        return self._chunk([self._choice(index, present(opening), logprobs=logprobs)])

    def _no_text(self, delta: Delta) -> Delta:
        if "content" in delta or self.habits.content == "absent":
            return {}
        return {"content": WORDS[self.habits.content]}

    def _call(self, step: say.Call) -> Iterator[Moment]:
        for delta, tokens in self.tools.opened(step):
            yield from self._spoken(step.choice, delta, tokens)

    def _finish(self, step: say.Finish) -> Iterator[Moment]:
        if self.habits.finish == "never":
            return
        index = step.choice or 0
        said = {"content": step.say} if step.say else {}
        delta = {**said, **step.extra} or FINISH_DELTAS[self.habits.finish_delta]
        self.tokens += bool(step.say)
        choice = self._choice(index, delta, finish=step.reason)
        chunk = self._last(choice, int(bool(step.say)))
        yield from (chunk,) * (2 if self.habits.finish_twice else 1)

    def _last(self, choice: dict[str, Json], tokens: int) -> Send:
        """Send what ends a choice."""
        usage = ABSENT
        if self.bill is not None and self.bill.where in ("finish", "both"):
            usage = members.usage(self.bill, self.habits)
        elif self.bill is not None and self.bill.where == "choice-and-chunk":
            choice = {**choice, "usage": members.usage(self.bill, self.habits)}
        extra = DONE_LAST if self.habits.object == "done-last" else None
        return self._chunk([choice], usage=usage, tokens=tokens, extra=extra)

    def _usage(self) -> Iterator[Moment]:
        if self.bill is None or self.bill.where not in USAGE_OF_OWN:
            return
        usage = members.usage(self.bill, self.habits)
        match self.bill.where:
            case "choice":
                yield self._chunk([{**self._choice(0, {}), "usage": usage}])
            case "repeat-choice":
                yield self._chunk([self._choice(0, {})], usage=usage)
            case "no-choices":
                yield self._chunk(ABSENT, usage=usage)
            case _:
                yield self._chunk(NO_CHOICES[self.habits.empty_choices], usage=usage)

    def _placed(self, step: say.Usage) -> say.Usage | None:
        """Return the usage where the vendor puts it, or nothing."""
        if not (self.ask.usage or step.unasked or self.habits.usage_unasked):
            return None
        habit = self.habits.usage
        return step if habit == "script" else replace(step, where=habit)

    def _error(self, step: say.Error) -> Iterator[Moment]:
        body = openai.error(step)
        match self.habits.error:
            case "flat":
                yield self._event(body["error"])
            case "choice":
                yield self._chunk([self._choice(0, {}, finish="error")], extra=body)
            case form:
                name = b"event: error\n" if form == "event" else b""
                yield Send(name + self._event(body).data)

    def _choice(
        self, index: int, delta: Json, *, finish: str | None = None, logprobs: Json = None
    ) -> dict[str, Json]:
        before = WORDS.get(self.habits.finish_before) if finish is None else finish
        return present(
            {
                "index": index,
                "delta": delta,
                "logprobs": logprobs or WORDS[self.habits.logprobs],
                "finish_reason": before,
                **self.habits.choice_extra,
            }
        )

    def _logprobs(self, said: str, refused: str, tokens: int) -> Json:
        if self.ask.logprobs is None or not (said or refused):
            return None
        rows = openai.logprobs(said or refused, tokens, self.ask.logprobs)
        return {"content": rows if said else None, "refusal": None if said else rows}

    def _chunk(
        self, choices: Json, *, usage: Json = ABSENT, tokens: int = 0, extra: Delta | None = None
    ) -> Send:
        body = members.envelope("chat.completion.chunk", self.habits, number=self.chunks)
        body |= {"choices": choices, "usage": self._usage_member(usage), **self.habits.chunk_extra}
        if self.ask.obfuscation:
            body["obfuscation"] = openai.OBFUSCATION
        return self._event({**present(body), **(extra or {})}, tokens)

    def _usage_member(self, usage: Json) -> Json:
        if usage is not ABSENT:
            return usage
        if self.bill is not None and self.bill.where == "every":
            running = replace(self.bill, output=min(self.tokens, self.bill.output))
            return members.usage(running, self.habits)
        asked = self.habits.usage_null == "asked" and self.ask.usage
        return None if asked or self.habits.usage_null == "always" else ABSENT

    def _event(self, body: Json, tokens: int = 0) -> Send:
        self.chunks += 1
        return Send(b"data: " + members.text(body, self.habits) + b"\n\n", tokens=tokens)
