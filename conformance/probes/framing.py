"""Streams framed as the standard allows and few routers expect; each is judged by one rule."""

from collections.abc import Mapping
from dataclasses import replace

from conformance.exchange import SURFACES, Json
from conformance.probes.members import HERB
from conformance.probes.probe import EVERYWHERE, Probe, Send
from conformance.probes.text import USAGE

ASK: Json = {**HERB, **USAGE}
KIB = 1024
# Where to cut an event: in `data`, before and after the space, in the JSON, at the line ends.
CUTS = [1, 5, 6, 40, -3, -2, -1]
AT_LINE_ENDS = [40, *range(-4, 0)]


def against(changes: Mapping[str, Json], ask: Json = ASK) -> dict[str, Send]:
    """Return the undisturbed answer as baseline, and the same with each change."""
    sends = {name: Send(ask=ask, change=change) for name, change in changes.items()}
    return {"baseline": Send(ask=ask), **sends}


def fault(*faults: Json) -> Json:
    return {"fault": list(faults)}


def cut(*before: Json, **where: Json) -> Json:
    """Have the body cut; each piece has reached the router before the next is written."""
    return {**fault(*before, {"split": where}), "write": "segments"}


def long(kib: int) -> Json:
    text = {"say": "0123456789abcdef", "times": kib * KIB // 16}
    return {"step": [{"say": "before "}, text, {"say": " after"}, {"finish": "stop"}]}


LONG = {f"{kib}KiB": long(kib) for kib in (63, 65, 129, 4096)}
ASCII: Json = {surface: {"json": "ascii"} for surface in SURFACES}
CRLF_AND_LF: Json = {"mixed_line_ends": {"ends": ["lf", "crlf", "crlf"]}}
# Whole events of two lines, or of three, in turn: a CR ahead of an LF would be another line end.
CR_AND_LF: Json = {"mixed_line_ends": {"ends": [*["cr"] * 6, *["lf"] * 6]}}
# A limit is what no router makes up for an answer whose last event it has lost.
LIMITED: Json = [{"say": "Burdock"}, {"say": " chervil"}, {"finish": "length"}]
OPEN: Json = {"chat": {"done": False}, "messages": {"done": "none"}, "step": LIMITED}
LAST = {
    "newline": fault({"no_final_blank": {"keep": "newline"}}),
    "bare": fault({"no_final_blank": {"keep": "nothing"}}),
}

LISTED = (
    Probe(
        "sse-split-reads",
        "sse.split-reads",
        "framing",
        against(
            {
                "cut": cut(event=CUTS),
                "every.50": fault({"split": 50}),
                "glued": fault("coalesce"),
                "glued.end": fault({"coalesce": {"last": 3}}),
            }
        ),
        surfaces=EVERYWHERE,
    ),
    Probe(
        "sse-long-line",
        "sse.long-line",
        "text",
        against({"cut": cut(event=[40]), **LONG}, {}),
        surfaces=EVERYWHERE,
    ),
    Probe(
        "sse-crlf",
        "sse.crlf",
        "framing",
        against(
            {
                "cut": cut(event=AT_LINE_ENDS),
                "crlf": fault("crlf"),
                "crlf.cut": cut("crlf", event=AT_LINE_ENDS),
                # An LF that counts by itself is harmless but between two lines of data.
                "lines": fault("multi_line"),
                "crlf.inside": cut("multi_line", "crlf", crlf=True),
                "mixed": fault(CRLF_AND_LF),
            }
        ),
        surfaces=EVERYWHERE,
    ),
    Probe(
        "sse-bare-cr",
        "sse.bare-cr",
        "framing",
        against({"cr": fault("cr"), "mixed": fault(CR_AND_LF)}),
        surfaces=EVERYWHERE,
    ),
    Probe(
        "sse-no-space",
        "sse.data-no-space",
        "framing",
        against({"bare": fault("no_space")}),
        surfaces=EVERYWHERE,
    ),
    Probe(
        "sse-multi-line",
        "sse.multi-line-data",
        "framing",
        against({"lines": fault("multi_line")}),
        surfaces=EVERYWHERE,
    ),
    Probe(
        "sse-bom",
        "sse.bom",
        "framing",
        against({"bom": fault("bom")}),
        surfaces=EVERYWHERE,
    ),
    Probe(
        "sse-comments",
        "sse.comments-tolerated",
        "framing",
        against(
            {
                "processing": fault({"comments": {"text": "OPENROUTER PROCESSING"}}),
                "ping": fault({"comments": {"text": "ping - 2", "where": "before"}}),
                "data": fault({"comments": {"text": 'data: {"choices":[]}', "where": "between"}}),
                "fields": fault("unknown_fields"),
            }
        ),
        surfaces=EVERYWHERE,
    ),
    Probe(
        "sse-empty-data",
        "sse.empty-data-tolerated",
        "framing",
        against(
            {form: fault({"empty_data": {"form": form}}) for form in ("data", "event", "blank")}
        ),
        surfaces=EVERYWHERE,
    ),
    Probe(
        "sse-separators",
        "sse.unicode-line-separators",
        "separators",
        {"baseline": Send(ask=ASK, change=ASCII), "raw": Send(ask=ASK)},
        surfaces=EVERYWHERE,
    ),
    Probe(
        "sse-final-event",
        "sse.final-event-flush",
        "text",
        {
            "baseline": Send(change={"step": LIMITED}),
            **{f"done.{name}": Send(change={"step": LIMITED, **how}) for name, how in LAST.items()},
            "open": Send(change=OPEN),
            **{f"open.{name}": Send(change={**OPEN, **how}) for name, how in LAST.items()},
        },
        surfaces=EVERYWHERE,
    ),
    Probe(
        "sse-malformed-event",
        "sse.malformed-event-policy",
        "framing",
        against({"broken": fault({"garbage": {"at": 2}})}),
        surfaces=EVERYWHERE,
    ),
    Probe(
        "utf8-split",
        "utf8.split-preserved",
        "multibyte",
        against(
            {
                "ascii": {**cut(event=[40, -30]), **ASCII},
                **{f"after.{count}": cut(character=count) for count in (1, 2, 3)},
                "after.each": cut(*({"split": {"character": n}} for n in (1, 2)), character=3),
                "bom": fault("bom"),
                "bom.cut": {**fault({"bom": {"split": True}}), "write": "segments"},
            }
        ),
        surfaces=EVERYWHERE,
    ),
)

# Each has several requests, and many small writes.
PROBES = tuple(replace(probe, heavy=True) for probe in LISTED)
