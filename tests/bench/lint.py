"""Holds the lint of a recorded stream against the official OpenAI SDK reading the same bytes.

python -m tests.bench.lint [--events N] [--rounds N]

One process on one core. Rounds take turns, and what counts is the CPU time of the fastest: a
neighbour on the machine can only make one slower. The SDK only reads the events into its types; the
lint reads them and asks every rule.
"""

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import NamedTuple

import httpx2
import openai

from conformance import lint
from conformance.exchange import Exchange, Json
from conformance.profiles.profile import load
from conformance.rules import RULES

BAR = 50_000  # events a second
WORDS = ("The", " quince", " is", " a", " hard", ",", " yellow", " fruit", ".\n", " caf\u00e9")
PROFILE = load("generic")
REQUEST: Json = {"model": "m", "messages": [{"role": "user", "content": "Quince?"}]}


class Stream(NamedTuple):
    name: str
    body: bytes
    events: int


def main() -> int:
    options = arguments()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    missed = 0
    print(f"| stream | events | MB | lint events/s | openai {openai.__version__} events/s | bar |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    for stream in (text(options.events), tools(options.events)):
        ours, theirs = measured(stream, options.rounds)
        missed += ours < BAR
        verdict = "held" if ours >= BAR else "**missed**"
        size = len(stream.body) / 1e6
        print(f"| {stream.name} | {stream.events} | {size:.1f} | {ours:.0f} | {theirs:.0f} "
              f"| >= {BAR}: {verdict} |")  # fmt: skip
    return 1 if missed else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


def text(events: int) -> Stream:
    """Return a stream of words, in chunks as OpenAI sends them."""
    said = ({"content": word} for word in islice(cycle(WORDS), events - 4))
    chunks = [choice({"role": "assistant", "content": ""}), *map(choice, said), choice({}, "stop")]
    return stream("text", [*chunks, USAGE])


def tools(events: int) -> Stream:
    """Return a stream of calls, each of fifty fragments."""
    calls = (events - 4) // 50
    return stream("tool calls", [
        choice({"role": "assistant", "content": None}),
        *(choice({"tool_calls": [each]}) for call in range(calls) for each in fragments(call)),
        choice({}, "tool_calls"),
        USAGE,
    ])  # fmt: skip


def fragments(call: int) -> Iterator[Json]:
    named = {"name": "look_up", "arguments": ""}
    yield {"index": call, "id": f"call_{call}", "type": "function", "function": named}
    for piece in ('{"words":["', *("quince",) * 47, '"]}'):
        yield {"index": call, "function": {"arguments": piece}}


def choice(delta: Json, finish: str | None = None) -> Json:
    members = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {**ENVELOPE, "choices": [members], "usage": None}


ENVELOPE: Json = {
    "id": "chatcmpl-quince", "object": "chat.completion.chunk", "created": 1795000000,
    "model": "m", "service_tier": "default", "system_fingerprint": None,
}  # fmt: skip
USAGE: Json = {
    **ENVELOPE, "choices": [],
    "usage": {"prompt_tokens": 7, "completion_tokens": 40, "total_tokens": 47},
}  # fmt: skip


def stream(name: str, chunks: list[Json]) -> Stream:
    events = [json.dumps(chunk, separators=(",", ":")) for chunk in chunks]
    body = "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"])
    return Stream(name, body.encode(), len(events) + 1)


def measured(stream: Stream, rounds: int) -> tuple[float, float]:
    """Return the events a second of the lint and of the SDK."""
    ours, theirs = list[float](), list[float]()
    for _ in range(rounds):
        ours.append(seconds(lambda: judge(stream.body)))
        theirs.append(seconds(lambda: read(stream.body)))
    return stream.events / min(ours), stream.events / min(theirs)


def seconds(work: Callable[[], None]) -> float:
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def judge(body: bytes) -> None:
    gc.disable()  # as the command does, until the recording is gone
    for wrong in broken(body):
        raise ValueError(wrong)
    gc.enable()


def broken(body: bytes) -> list[str]:
    exchange = Exchange("chat", "stream", body=body, policy=PROFILE.policy)
    judged = list(lint.judgements(RULES.values(), exchange, PROFILE))
    return [f"{rule.id}: {found.message}" for rule, told in judged for found in told.findings]


def read(body: bytes) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=body))
    with (
        httpx2.Client(transport=transport) as http,
        openai.OpenAI(api_key="sk-bench", base_url="http://bench", http_client=http) as client,
    ):
        for _ in client.chat.completions.create(**REQUEST, stream=True):
            pass


if __name__ == "__main__":
    sys.exit(main())
