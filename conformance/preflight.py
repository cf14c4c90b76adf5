"""Before the first case: whether there is a router, whether it answers, whether it asks our mock.

One plain and one streamed question; what comes back is judged by `reading`, which is pure.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from conformance.drive import trial
from conformance.drive.capture import Limits
from conformance.drive.recovery import quickest
from conformance.drive.trial import Asking, Bench
from conformance.excerpt import opening
from conformance.exchange import End, Exchange
from conformance.probes.fallback import FAILING
from conformance.probes.probe import QUESTION, Probe, Send
from conformance.redact import Redactor, bare

PROBE = Probe(
    "preflight",
    "",
    "text",
    {"stream": Send(), "plain": Send(mode="plain")},
    question=QUESTION,
)

REFUSALS = range(400, 500)
BODY = 1 << 20  # bytes: a thousand times what the answer to our question needs

MODEL = "give a model the router has with --router-model"
KEY = "give the router's key with --router-key or in ROUTER_KEY"
PATH = "correct the path of --router-url: it is the base URL that the official SDKs take"
ADVICE: Mapping[int, str] = {
    401: KEY,
    403: KEY,
    404: f"{PATH}; or {MODEL}",
    405: PATH,
    429: "the router limits requests: raise its limit for the suite",
    301: "give the URL it redirects to",
    302: "give the URL it redirects to",
    307: "give the URL it redirects to",
    308: "give the URL it redirects to",
}
PORT = "correct the port or the scheme of --router-url"


class Reading(NamedTuple):
    """`complaint`: why there is nothing to judge. `seen`: the mock was called, and the second."""

    complaint: str
    seen: bool
    second_seen: bool = False


async def exchanges(bench: Bench, surface: str, run: str) -> list[Exchange]:
    """Ask the two questions at once; no answer may take more than the deadline or a mebibyte."""
    limits = Limits(bench.limits.deadline, bench.limits.patience, BODY)
    asking = replace(bench, limits=limits)
    return await asyncio.gather(*(
        trial.exchange(Asking(PROBE, surface, asking, f"{run}-preflight"), name)
        for name in PROBE.sends
    ))  # fmt: skip


def reading(answers: Iterable[Exchange], key: str) -> Reading:
    told = list(answers)
    complaints = [said for answer in told if (said := complaint(answer, key))]
    # A router that fails in one mode is judged all the same; one that never ends would make
    # every case of the run last until its deadline.
    endless = any(answer.end in (End.TIMEOUT, End.OVERFLOW) for answer in told)
    stop = complaints and (endless or len(complaints) == len(told))
    return Reading(complaints[0] if stop else "", any(answer.journal for answer in told))


def complaint(answer: Exchange, key: str) -> str:
    """Say what is wrong with an answer in one line: the URL, what came back, what to do."""
    what = _trouble(answer, opening(Redactor([key]).data(answer.body)))
    url = bare(answer.request.url) if answer.request else ""
    return f"router at {url}: {what}" if what else ""


def _trouble(answer: Exchange, body: str) -> str:
    size = len(answer.body)
    match answer.end:
        case End.REFUSED:
            return f"no answer ({answer.error}); start the router or correct --router-url"
        case End.GARBLED if answer.status is None:
            return f"what came back is not HTTP ({answer.error[:120]}); {PORT}"
        case End.TIMEOUT if answer.status is None:
            return f"{answer.error} and not even a status; is it stuck, or its upstream gone?"
        case End.TIMEOUT:
            return f"{answer.error}: {size} bytes so far, {body!r}; an answer must come to an end"
        case End.OVERFLOW:
            return f"{answer.error} in answer to one short question: {body!r}; that is no LLM API"
    return _refusal(answer, body)


def _refusal(answer: Exchange, body: str) -> str:
    status = answer.status or 0
    if advice := ADVICE.get(status, MODEL if status in REFUSALS else ""):
        where = f" to {answer.header('location')}" if answer.header("location") else ""
        return f"answered {answer.status}{where}, {body!r}; {advice}"
    if "html" in (answer.header("content-type") or "") or body.lstrip().startswith("<"):
        return f"answered {answer.status} with HTML, {body!r}; that is a web page: {PATH}"
    return ""


async def fallen_back(bench: Bench, surface: str, run: str) -> bool:
    """Have the first provider fail in a way that the profile names; say if the second is asked."""
    name = quickest(bench.policy)
    if not name:
        return True
    asking = Asking(FAILING, surface, bench, f"{run}-preflight.fallback")
    told = await trial.exchange(asking, name)
    return bool(told.of_second)


def unused(upstream_url: str) -> str:
    """Say what to do about a router that does not fall back to our second mock."""
    return (
        f"the router did not fall back to the mock at {upstream_url}: configure that as its second"
        " upstream, or say of the profile that it declares no fallback"
    )


def unseen(upstream_url: str) -> str:
    """Say what to do about a router that answers without having called our mock."""
    return (
        f"the router did not call the mock at {upstream_url}: configure that as its upstream,"
        " or say --black-box to judge only what the client sees"
    )
