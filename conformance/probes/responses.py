"""What only Responses can say, or says in its own way: items of all kinds, in any order."""

from conformance.exchange import Json
from conformance.probes.framing import against, fault
from conformance.probes.members import HERB
from conformance.probes.probe import Probe, Send
from conformance.probes.text import USAGE
from conformance.probes.tools import TOOLS
from conformance.probes.written import REMOTE, SEARCH, UNKNOWN, message, response, written

RESPONSES = "responses"

CALL: Json = {"id": "call_herb21", "name": "find_herb", "arguments": ['{"name":', '"sage"}']}
COUNTED: Json = {"usage": {"input": 109, "output": 7}}
TEXT_CALL_TEXT: Json = [
    {"say": "Anise"}, {"say": " basil"}, {"call": CALL}, {"say": " chive"}, {"say": " dill"},
    {"finish": "tool_calls"}, COUNTED,
]  # fmt: skip
CALL_TEXT: Json = [{"call": CALL}, {"say": "Endive"}, {"finish": "tool_calls"}, COUNTED]
SAID: Json = [{"say": "Fennel"}, {"say": " ginger"}]
ERROR: Json = {"message": "The mock has run out of hyssop.", "code": "server_error"}


def both(steps: Json) -> dict[str, Send]:
    change = {"step": steps}
    return {"stream": Send(ask=HERB, change=change), "plain": Send("plain", HERB, change)}


def habit(ask: Json | None = None, **habits: Json) -> Send:
    """Return a request whose provider speaks Responses in this way."""
    return Send(ask=ask or {}, change={RESPONSES: habits})


def erring(*forms: str) -> Send:
    """Return a request whose provider tells of an error in these forms."""
    return Send(change={"step": [*SAID, {"error": ERROR}], RESPONSES: {"error": list(forms)}})


def raw(*items: Json) -> Send:
    return Send(change={"step": [{"raw": event} for event in written(*items)]})


# What vendors do that speak Responses too, by their recorded streams.
HABITS: Json = {
    "created.only": {"opening": "created"},
    "queued": {"opening": "queued"},
    "unnamed": {"event_names": False},
    "done": {"done": True},
    "status.every": {"item_status": "every"},
    "status.absent": {"item_status": "absent"},
    "logprobs.absent": {"logprobs": "absent"},
    "arguments.named": {"arguments_name": True},
    "output.null": {"output": "null"},
    "vendor": {
        "response_extra": {"x_vendor": {"id": "req_1"}},
        "item_extra": {"phase": "final_answer"},
        "event_extra": {"x_trace": "1"},
        "usage_extra": {"cost_in_usd_ticks": 17},
    },
}
WHOLE = message(0, "Lemon balm")

EVENTS: Json = {"content_type": "text/event-stream", "body": "".join(written(WHOLE))}

PROBES = (
    Probe(
        "text-tool-text",
        "healthy tools",
        "text-then-tool",
        both(TEXT_CALL_TEXT),
        surfaces=RESPONSES,
    ),
    Probe("tool-then-text", "healthy tools", "text-then-tool", both(CALL_TEXT), surfaces=RESPONSES),
    Probe(
        "reasoning-items",
        "healthy reasoning",
        "reasoning",
        {"summary": Send(), "text": habit(reasoning="text"), "plain": Send("plain")},
        surfaces=RESPONSES,
    ),
    Probe(
        "encrypted-reasoning",
        "thinking",
        "thinking",
        {"stream": Send(ask=HERB), "plain": Send("plain", HERB)},
        surfaces=RESPONSES,
    ),
    Probe(
        "error-forms",
        "inband-error error-forms",
        "error-inband",
        {
            "native": Send(),
            "open": erring("nested"),
            "failed": erring("failed"),
            "documented": erring("flat", "failed"),
            "bare": erring("bare"),
        },
        surfaces=RESPONSES,
    ),
    Probe(
        "hosted-tools",
        "resp.lifecycle-complete",
        "text",
        {"stream": raw(SEARCH, REMOTE, UNKNOWN, message(3, "Hyssop"))},
        surfaces=RESPONSES,
    ),
    Probe(
        "empty-output",
        "resp.empty-terminal-output",
        "text-then-tool",
        {"stream": habit(HERB, output="empty")},
        surfaces=RESPONSES,
    ),
    Probe(
        "repeated-events",
        "resp.items-faithful",
        "text",
        against(
            {
                "delta": fault({"duplicate_event": {"at": 4}}),
                "last": fault({"duplicate_event": {"at": 6}}),
            },
            {},
        ),
        surfaces=RESPONSES,
    ),
    Probe(
        "reasoning-when-done",
        "resp.items-faithful",
        "reasoning",
        {"baseline": Send(), "item": habit(reasoning="item")},
        surfaces=RESPONSES,
    ),
    Probe(
        "equal-messages",
        "resp.items-faithful",
        "text",
        {
            "stream": raw(
                message(0, "Iris", phase="commentary"), message(1, "Iris", phase="final_answer")
            )
        },
        surfaces=RESPONSES,
    ),
    Probe(
        "arguments-when-done",
        "tool.args-on-done-only",
        "tool-call",
        {how: habit(TOOLS, arguments=how) for how in ("whole", "done", "item")},
        surfaces=RESPONSES,
    ),
    Probe(
        "odd-responses",
        "odd-chunks",
        "text-then-tool",
        against({name: {RESPONSES: habits} for name, habits in HABITS.items()}, {**HERB, **USAGE}),
        surfaces=RESPONSES,
    ),
    Probe(
        "response-for-stream",
        "err.wrong-body-kind",
        "json-for-stream",
        {"stream": Send(change={"head": {"json": response(WHOLE)}})},
        surfaces=RESPONSES,
    ),
    Probe(
        "response-events-for-plain",
        "err.wrong-body-kind",
        "json-for-stream",
        {
            "plain": Send(
                "plain",
                change={
                    "head": {"content_type": "text/event-stream", "body": "".join(written(WHOLE))}
                },
            )
        },
        surfaces=RESPONSES,
    ),
)
