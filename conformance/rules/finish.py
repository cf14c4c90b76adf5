"""How a choice says that it ended, and why.

The rules divide the wrong values among them: none at all, none of the API's words, and the two
that a client acts on, tool_calls and content_filter.
"""

from collections.abc import Iterator

from conformance.exchange import Exchange, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols import chat, read
from conformance.protocols.outcome import FINISHES
from conformance.rules.invariance import BASELINE
from conformance.rules.rule import comparison, rule

WATCHED = ("tool_calls", "content_filter")  # each has a rule of its own
OAS = "OpenAI OpenAPI 2.3.0, choices.finish_reason"
RECORDED = "recorded: 576 of 576 OpenAI streams"


def judgeable(exchange: Exchange) -> bool:
    """Say whether this answer was to state its reasons, and it is clear whose they are."""
    return not read.failed(exchange) and not read.misnumbered(exchange)


def replaced(exchange: Exchange, *words: str) -> Iterator[Finding]:
    """Yield where another of the API's words stands for one of these that the provider said."""
    told, neutral = read.stated(exchange), read.words(exchange)
    for at, choice in enumerate(read.scripted(exchange).choices):
        got = told.get(at)
        # An API without a word for a turn that calls says that it stopped.
        due = choice.finish if choice.finish in neutral.values() else "stop"
        if choice.finish in words and neutral.get(got or "", due) != due:
            yield Finding(f"choice {at} ended with {got!r}, the provider said {choice.finish!r}")


#: Streams that are nothing without a choice; in the others the end of one says as much.
EMPTY_HANDED = ("chat.stream", "gemini.stream", "gemini.array")


@rule(
    "finish.present",
    Level.MUST,
    on="stream array plain",
    cites=f"{OAS}; {RECORDED}; measured: the official Node helper throws without a reason",
    bugs="maximhq/bifrost#1821 symfony/ai#2194 jakobdylanc/llmcord#84",
)
def each_choice_states_its_reason(exchange: Exchange) -> Iterator[Finding]:
    """Every choice of an answer that did not fail states its finish reason, as the provider did."""
    if not judgeable(exchange):
        return
    stated = read.stated(exchange)
    for at, reason in stated.items():
        if not reason:
            yield Finding(f"choice {at} ended without a finish reason")
    # Where the script is at hand it says whether there was to be a choice at all.
    if exchange.kind in EMPTY_HANDED and not (stated or exchange.scenario):
        yield Finding("no choice ever came")
    if exchange.scenario:
        yield from replaced(exchange, *(word for word in FINISHES if word not in WATCHED))


@rule(
    "finish.exactly-once",
    Level.MUST,
    on="chat.stream gemini.stream gemini.array",
    cites=f"{OAS}: null but in the last chunk; {RECORDED}",
    bugs="RayBytes/ChatMock#114 sgl-project/sglang#8417",
)
def a_reason_comes_once(exchange: Exchange) -> Iterator[Finding]:
    """A choice states its finish reason once, with one choice and with several."""
    if not read.misnumbered(exchange):
        for state, token in read.disorder(exchange):
            if state == "finished" and token.kind == "finish":
                what = f"choice {token.choice} states a finish reason again: {token.value!r}"
                yield Finding(what, token.span)


@rule(
    "finish.tool-calls-value",
    Level.MUST,
    on="chat.stream chat.plain messages.stream messages.plain gemini.stream gemini.array "
    "gemini.plain",
    probes="tools",
    needs="upstream",
    cites=f"{OAS}: tool_calls if the model called a tool; "
    "recorded: OpenAI itself says stop where the request forces a function",
    bugs="ollama/ollama#7963 BerriAI/litellm#12862 maximhq/bifrost#3638 su-kaka/gcli2api#407",
)
def tool_turns_say_so(exchange: Exchange) -> Iterator[Finding]:
    """A turn that the provider ended with tool_calls ends with tool_calls, streamed or not."""
    if judgeable(exchange):
        yield from replaced(exchange, "tool_calls")


@rule(
    "finish.content-filter-kept",
    Level.MUST,
    on="stream array plain",
    needs="upstream",
    cites=f"{OAS}: content_filter if content was omitted",
    bugs="BerriAI/litellm#40857 BerriAI/litellm#6104 theopenco/llmgateway#1994",
)
def a_filtered_answer_says_so(exchange: Exchange) -> Iterator[Finding]:
    """An answer that the provider ended with content_filter is not shown as a normal end."""
    if judgeable(exchange):
        yield from replaced(exchange, "content_filter")


@comparison(
    "finish.enum-value",
    Level.MUST,
    on="stream array plain",
    probes="healthy finish.enum-value",
    needs="",
    cites=f"{OAS}: an enumeration",
    bugs="maximhq/bifrost#5425 BerriAI/litellm#12481 langchain-ai/langchain#37370 "
    "pydantic/pydantic-ai#2844",
)
def the_reason_is_a_word_of_the_api(trial: Trial) -> Iterator[Finding]:
    """The finish reason is one of the API's words.

    A word of the provider's own still gives a complete ending; whether it is mapped or handed on
    is the policy `unknown-finish`.
    """
    for name, exchange in trial.exchanges.items():
        own = _own_words(exchange)
        words = read.words(exchange)
        for at, reason in read.stated(exchange).items() if judgeable(exchange) else ():
            if reason and reason not in (*words, *_passed(exchange, own)):
                what = f"choice {at} ended with {reason!r}; right is one of {', '.join(words)}"
                yield Finding(what, exchange=name)
        if own and _complete(trial[BASELINE]) and not _complete(exchange):
            yield Finding(f"after the provider's own {', '.join(own)!r} the answer is not complete",
                          exchange=name)  # fmt: skip


def _own_words(exchange: Exchange) -> set[str]:
    """Return what the provider states as a reason that is no word of the API."""
    said = read.scripted(exchange).choices if exchange.scenario else ()
    return {choice.finish for choice in said if choice.finish} - set(FINISHES)


def _passed(exchange: Exchange, own: set[str]) -> set[str]:
    return set() if exchange.policy.get("unknown-finish") == "map" else own


def _complete(exchange: Exchange) -> bool:
    return not read.failed(exchange) and all(read.stated(exchange).values())


@rule(
    "finish.nothing-after",
    Level.MUST,
    on="chat.stream gemini.stream gemini.array",
    probes="healthy content.with-finish-kept",
    cites=f"OpenAI SDK types: a choice gets nothing after its finish reason; {RECORDED}",
    bugs="maximhq/bifrost#5604 BerriAI/litellm#2692",
)
def nothing_follows_the_reason(exchange: Exchange) -> Iterator[Finding]:
    """After its finish reason a choice gets no more text, reasoning, refusal or call.

    An empty delta may follow: it hides nothing, and a widely used gateway puts usage there.
    """
    if not read.misnumbered(exchange):
        for state, token in read.disorder(exchange):
            if state == "finished" and token.kind == "payload":
                members = ", ".join(token.value)
                what = f"choice {token.choice} gets {members} after its finish reason"
                yield Finding(what, token.span)


@rule(
    "finish.place-policy",
    Level.SHOULD,
    on="chat.stream",
    policy="finish-place",
    basis=Basis.POLICY,
    cites=f"{RECORDED} finish with an empty delta; recorded: Mistral and vLLM do not",
    bugs="openclaw/openclaw#83203 linagora/openrag#462 openclaw/openclaw#115718",
)
def the_reason_is_in_its_place(exchange: Exchange) -> Iterator[Finding]:
    """The finish reason has a chunk of its own, with an empty delta.

    A router whose declared policy is to state it beside the last content keeps to that instead.
    """
    wanted = exchange.policy.get("finish-place")
    for part in chat.parts(exchange):
        if not part.choice.get("finish_reason"):
            continue
        filled = any(part.delta.get(key) for key in chat.PAYLOAD)
        if filled != (wanted == "last-content"):
            beside = "beside content" if filled else "in a chunk without content"
            yield Finding(f"the finish reason is stated {beside}", part.span)
