"""Response caches: what a router answers without asking the provider again.

The same request is sent twice. Where the provider has not seen the second, its answer came from a
store; where it has, the answer is a fresh one, and rules about those judge such.
"""

from collections.abc import Iterator

from conformance.exchange import Exchange, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read
from conformance.protocols.surface import answer
from conformance.rules.difference import choices_parted
from conformance.rules.invariance import unreadable
from conformance.rules.rule import comparison
from conformance.wire import http

AGAIN = "-again"
ANY = "stream plain left error unanswered"
NEEDS = "upstream cache"
Pair = tuple[str, Exchange, Exchange]


def replayed(trial: Trial) -> Iterator[Pair]:
    """Yield each request that did not reach the provider, by its name, and the one it repeats."""
    for name, again in trial.exchanges.items():
        if name.endswith(AGAIN) and not again.journal:
            yield name, trial[name.removesuffix(AGAIN)], again


@comparison(
    "cache.replay-valid",
    Level.MUST,
    on=ANY,
    probes="cache.replay-valid",
    needs=NEEDS,
    basis=Basis.POLICY,
    cites="RFC 9111 4: a stored response is used as the answer to a request that it is one to",
    bugs="gumieri/nenya#18 headroomlabs-ai/headroom#3024 headroomlabs-ai/headroom#3019 "
    "nyroway/nyro#44 BerriAI/litellm#30216 vllm-project/semantic-router#913 "
    "vllm-project/semantic-router#1555 vllm-project/semantic-router#2140 BerriAI/litellm#24579 "
    "BerriAI/litellm#24580",
)
def a_stored_answer_is_as_good_as_a_fresh_one(trial: Trial) -> Iterator[Finding]:
    """An answer from the store is in the form that is asked for, and says what the first one said.

    Its head is its own: labelled and framed as this answer is. Text, reasoning, finish reason and
    usage are there, and a stream has its end, whichever form was stored.
    """
    for name, first, again in replayed(trial):
        if read.served(first) and again.form != "error" and (what := invalid(first, again)):
            yield Finding(f"from the store: {what}", exchange=name)


def invalid(first: Exchange, again: Exchange) -> str:
    """Say what is wrong with an answer from the store, or nothing."""
    if again.form != again.mode:
        return f"no answer: {again.end}, {again.error}"
    return _head(again) or _form(again) or _outcome(first, again)


def _head(again: Exchange) -> str:
    right = "text/event-stream" if again.mode == "stream" else "application/json"
    if http.media_type(again.header("content-type")).essence != right:
        return f"Content-Type is {again.header('content-type') or 'absent'}; right is {right}"
    if again.header("transfer-encoding") and again.header("content-length"):
        return "the head has both Transfer-Encoding and Content-Length"
    return ""


def _form(again: Exchange) -> str:
    if again.mode == "plain":
        return "" if answer(again) is not None else f"no JSON object: {again.body[:60]!r}"
    if read.failed(again):
        return "the stream failed"
    if bad := unreadable(again):
        return bad[0].message
    if read.terminator(again) and not read.closed(again):
        return f"{read.terminator(again)} never came"
    return ""


def _outcome(first: Exchange, again: Exchange) -> str:
    wanted, got = read.outcome(first), read.outcome(again)
    if what := choices_parted(wanted.choices, got.choices):
        return f"{what}, as it was at first"
    counted = [usage and (usage.input, usage.output, usage.cached, usage.reasoning)
               for usage in (wanted.usage, got.usage)]  # fmt: skip
    return "" if counted[0] == counted[1] else f"usage is {got.usage}, at first {wanted.usage}"


@comparison(
    "cache.no-failed-stream",
    Level.MUST,
    on=ANY,
    probes="cache.no-failed-stream",
    needs=NEEDS,
    basis=Basis.POLICY,
    cites="RFC 9111 3.3: what did not complete is not used as a complete answer",
    bugs="ding113/claude-code-hub#1370 diegosouzapw/OmniRoute#12885 HKUDS/LightRAG#3446",
)
def what_failed_is_not_served_again(trial: Trial) -> Iterator[Finding]:
    """A stream that was cut, failed, was left or ended at a limit of tokens is not stored.

    The same request gets a fresh answer, or an error. What a router has read to its end for a
    client that left is a whole answer.
    """
    for name, first, again in replayed(trial):
        if again.form == again.mode and len(first.journal) == 1 and not _whole(first):
            how = name.removesuffix(AGAIN)
            text = "".join(choice.text for choice in read.outcome(again).choices)
            what = f"the first stream was {HOW[how]}; the same request got {text!r} from the store"
            yield Finding(what, exchange=name)


def _whole(first: Exchange) -> bool:
    """Say whether the router read on when its client had left: then it had the whole answer."""
    return first.form == "left" and (first.journal[0]["end"] or {}).get("kind") == "complete"


#: What became of the first request, by its name.
HOW = {
    "cut": "cut off",
    "reset": "cut off by a reset",
    "unfinished": "left unfinished by the provider",
    "error": "ended by an error",
    "length": "ended by the limit of tokens",
    "left": "left by its client",
}
