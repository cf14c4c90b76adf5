"""Requests after which the router is asked what they cost."""

import json

from conformance.exchange import Json
from conformance.probes.cancel import FINISH, HERBS, SAID, after, finished, inside
from conformance.probes.failures import CUT, END
from conformance.probes.fallback import OVERLOADED, fails, refuses
from conformance.probes.framing import cut, fault
from conformance.probes.gemini import FORMS, PLACES
from conformance.probes.probe import EVERYWHERE, Probe, Send
from conformance.probes.text import USAGE
from conformance.probes.usage import placed
from conformance.profiles.policy import FALLBACK

USED: Json = {"usage": {"input": 211, "output": len(HERBS)}}
CLASSES: Json = {
    "usage": {"input": 1009, "output": 60, "cached": 401, "cache_write": 211, "reasoning": 29}
}
# The mock states no usage where a response fails; OpenAI's may have some.
FAILED: Json = {
    "type": "response.failed",
    "sequence_number": 99,
    "response": {
        "id": "resp_failed",
        "object": "response",
        "status": "failed",
        "error": {"code": "server_error", "message": "no more herbs"},
        "output": [],
        "usage": {
            "input_tokens": 1009,
            "input_tokens_details": {"cached_tokens": 401, "cache_write_tokens": 211},
            "output_tokens": 60,
            "output_tokens_details": {"reasoning_tokens": 29},
            "total_tokens": 1069,
        },
    },
}
ENDS_FAILED: Json = {"raw": f"event: response.failed\ndata: {json.dumps(FAILED)}\n\n"}
# More than any key may use that a profile declares; nearly all of it is the prompt.
MOST: Json = {"usage": {"input": 1_000_003, "output": 3}}

PROBES = (
    Probe(
        "bill",
        "silent bill.stream-recorded bill.token-classes-priced hdr.cost-on-streams",
        "usage-classes",
        {
            "asked": Send(ask=USAGE),
            "unasked": Send(),
            "plain": Send("plain"),
        },
        billed=True,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "bill-running",
        "silent usage.cumulative-not-summed",
        "usage-running",
        {"stream": Send(ask=USAGE)},
        billed=True,
        surfaces="chat gemini",
    ),
    Probe(
        "bill-twice",
        "silent bill.not-double-counted",
        "usage-classes",
        {
            "both": Send(
                ask=USAGE, change={"chat": {"usage": "both"}, "messages": {"delta_twice": True}}
            ),
        },
        billed=True,
        surfaces="chat messages",
    ),
    Probe(
        "bill-again",
        "silent bill.not-double-counted",
        "usage-classes",
        {"last": Send(change={"gemini": {"usage": "last"}, **fault({"duplicate_event": -1})})},
        billed=True,
        surfaces="gemini",
    ),
    Probe(
        "bill-places",
        "silent gem.usage-metadata-counted",
        "usage-classes",
        {
            f"{form}.{place}": Send(form, change={"gemini": {"usage": place}})
            for form in FORMS
            for place in PLACES
        },
        billed=True,
        surfaces="gemini",
    ),
    Probe(
        "bill-parts",
        "silent usage.merge-across-events",
        "usage-in-parts",
        {"stream": Send(ask=USAGE)},
        billed=True,
    ),
    Probe(
        "bill-elsewhere",
        "silent usage.upstream-preferred",
        "usage-classes",
        {where: placed(where) for where in ("finish", "no-choices", "repeat-choice")},
        billed=True,
    ),
    Probe(
        "bill-missing",
        "silent usage.not-invented",
        "no-usage",
        {"stream": Send(ask=USAGE), "plain": Send("plain")},
        billed=True,
        surfaces="chat gemini",
    ),
    Probe(
        "bill-retried",
        "silent bill.not-double-counted",
        "text",
        {
            "again": Send(
                ask=USAGE,
                change={
                    "attempt": [
                        {"head": {"status": 503}, "step": [{"error": {"message": "no herbs yet"}}]},
                        {"step": [*SAID, FINISH, CLASSES]},
                    ]
                },
            ),
            "once": Send(ask=USAGE),
        },
        billed=True,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "bill-fallback",
        "silent bill.not-double-counted",
        "text",
        {
            "5xx": refuses(503),
            "connection": fails(CUT),
            "error": fails(CLASSES, OVERLOADED, END, responses={"opening": "none"}),
        },
        billed=True,
        feature=FALLBACK,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "bill-split",
        "silent usage.split-event-counted",
        "usage-classes",
        {"cut": Send(ask=USAGE, change=cut(event=[40, -40]))},
        billed=True,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "bill-cancel",
        "silent bill.cancel",
        "text",
        {
            "after-0": after(0, USED),
            "after-1": after(1, USED),
            "after-4": after(4, USED),
            "inside": inside(6, USED),
            "after-8": after(len(HERBS), USED),
            "finished": finished(USED),
        },
        billed=True,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "bill-closed",
        "silent bill.complete-then-close",
        "usage-classes",
        {"whole": Send(ask=USAGE), "closed": Send(ask=USAGE, closes=True)},
        billed=True,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "bill-incomplete",
        "silent bill.terminal-event-usage",
        "usage-classes",
        {
            "whole": Send(),
            "incomplete": Send(change={"step": [*SAID, {"finish": "length"}, CLASSES]}),
            "plain": Send("plain", change={"step": [*SAID, {"finish": "length"}, CLASSES]}),
            "failed": Send(change={"step": [*SAID, ENDS_FAILED, CLASSES, END]}),
        },
        billed=True,
        surfaces="responses",
    ),
    Probe(
        "bill-cut",
        "silent bill.partial-usage-kept-on-cut",
        "usage-classes",
        {
            "whole": Send(),
            "cut": Send(change={"step": [*SAID, CLASSES, {"close": "cut"}]}),
            "reset": Send(change={"step": [*SAID, CLASSES, {"reset": True}]}),
        },
        billed=True,
        surfaces="messages",
    ),
    Probe(
        "bill-failed",
        "silent bill.failed",
        "cut",
        {
            "cut": Send(),
            "reset": Send(change={"step": [*SAID, {"reset": True}]}),
            "error": Send(change={"step": [*SAID, {"error": {"message": "no more herbs"}}]}),
        },
        billed=True,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "bill-limit",
        "silent bill.limits-count-streams",
        "text",
        {
            "stream": Send(limited=True, change={"step": [*SAID, FINISH, MOST]}),
            "after": Send(limited=True),
        },
        billed=True,
        feature="token-limit",
        surfaces=EVERYWHERE,
    ),
)
