"""Two providers: the first fails, and the second has another answer to the same question.

What a router does is told by the words of its answer; sends are named after failures as profiles
name them, with what else there is to say after a dot.
"""

from dataclasses import replace

from conformance.exchange import SECOND, Headers, Json
from conformance.probes.cancel import after
from conformance.probes.failures import CUT, END
from conformance.probes.probe import EVERYWHERE, Probe, Send
from conformance.profiles.policy import FALLBACK

ANSWER: Json = [
    {"say": "Sorrel"},
    {"say": " lovage"},
    {"finish": "stop"},
    {"usage": {"input": 7, "output": 2}},
]
SAID: Json = [{"say": "Woad"}, {"say": " yarrow"}, {"say": " teasel"}]
OVERLOADED: Json = {
    "error": {"message": "The mock is overloaded: cumin.", "type": "overloaded_error",
              "code": "overloaded", "status": 529}
}  # fmt: skip
STALL, PING = {"stall": True}, {"ping": True}
EMPTY: Json = [{"finish": "stop"}, {"usage": {"input": 7, "output": 0}}]


def refusal(status: int, message: str = "The mock is not well: caraway.") -> Json:
    return {"head": {"status": status}, "step": [{"error": {"message": message}}]}


def fails(*steps: Json, mode: str = "stream", second: Json = None, **members: Json) -> Send:
    """Return a request of which the second provider makes an answer, unless it says otherwise."""
    told = {"step": list(steps), "mock": {SECOND: second or {"step": ANSWER}}, **members}
    return Send(mode, change=told)


def refuses(status: int, mode: str = "stream") -> Send:
    return fails(mode=mode, **refusal(status))


def dies(session: Headers, *, crowd: bool = False) -> Send:
    return replace(fails(*SAID, CUT), headers=session, crowd=crowd)


#: Statuses that blame the request: no provider would answer it another time.
CLIENT_ERRORS = (400, 404, 413, 422)


def once(status: int) -> Send:
    """Return a request that would be answered if it were made twice."""
    again = {"attempt": [refusal(status), {"step": ANSWER}], "mock": {SECOND: {"step": ANSWER}}}
    return Send(change=again)


# A router may keep what it knows of its providers for each session.
LEFT: Headers = (("x-session-id", "left"),)
DYING: Headers = (("x-session-id", "dying"),)
DEAD: Headers = (("x-session-id", "dead"),)

FAILING = Probe(
    "fallback",
    "retry.fallback-before-commit retry.no-duplicate-content retry.continuation-request-valid",
    "text",
    {
        "5xx": refuses(503),
        "5xx.plain": refuses(500, "plain"),
        "429": refuses(429),
        "401": refuses(401),
        "connection": fails(CUT),
        "connection.reset": fails({"reset": True}),
        "connection.plain": fails(*SAID, CUT, mode="plain"),
        # Else the head of a response goes before the error there.
        "error": fails(OVERLOADED, END, responses={"opening": "none"}),
        "empty": fails(*EMPTY),
    },
    feature=FALLBACK,
    afresh=True,
    surfaces=EVERYWHERE,
)

PROBES = (
    FAILING,
    Probe(
        "fallback-silence",
        "silent retry.fallback-before-commit retry.no-duplicate-content",
        "text",
        {
            "timeout": fails(PING, STALL),
            "5xx.stalled": fails(fault=[{"stall_after": 10}], **refusal(500)),
        },
        limit="idle-limit",
        feature=FALLBACK,
        afresh=True,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "fallback-preamble",
        "retry.no-preamble-before-commit retry.no-duplicate-content",
        "text",
        {
            "answered": fails(PING, OVERLOADED, END),
            "refused": fails(PING, OVERLOADED, END, second=refusal(503)),
        },
        feature=FALLBACK,
        afresh=True,
        surfaces="responses messages",
    ),
    Probe(
        "fallback-role",
        "retry.no-preamble-before-commit retry.no-duplicate-content",
        "text",
        {
            "answered": fails({"say": ""}, OVERLOADED, END),
            "refused": fails({"say": ""}, OVERLOADED, END, second=refusal(503)),
        },
        feature=FALLBACK,
        afresh=True,
    ),
    Probe(
        "fallback-midway",
        "retry.no-duplicate-content retry.continuation-request-valid",
        "text",
        {
            "cut": fails(*SAID, CUT),
            "error": fails(*SAID, OVERLOADED, END),
            "refused": fails(*SAID, CUT, second=refusal(400, "No prefill here: tarragon.")),
        },
        feature=FALLBACK,
        afresh=True,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "client-error",
        "client-error",
        "text",
        {str(status): once(status) for status in CLIENT_ERRORS},
        surfaces=EVERYWHERE,
    ),
    Probe(
        "health-left",
        "silent health.client-abort-neutral",
        "text",
        {
            "left": replace(after(3), crowd=True, headers=LEFT),
            "after": Send(headers=LEFT),
        },
        feature=FALLBACK,
        heavy=True,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "health-one-death",
        "silent one-death",
        "text",
        {"cut": dies(DYING), "after": Send(headers=DYING)},
        feature=f"{FALLBACK} cooldown",
        heavy=True,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "health-deaths",
        "silent many-deaths",
        "text",
        {
            "cut": dies(DEAD, crowd=True),
            **{f"after.{number}": Send(headers=DEAD) for number in range(1, 5)},
        },
        feature=f"{FALLBACK} cooldown",
        heavy=True,
        surfaces=EVERYWHERE,
    ),
)
