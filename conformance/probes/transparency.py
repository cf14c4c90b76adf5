"""Streams said byte by byte, as no router would write them of its own accord, yet all in order."""

from conformance.exchange import Json
from conformance.probes.probe import Probe, Send


def lines(*told: str, end: str = "\n") -> str:
    """Return the lines of an event or a comment, with the blank one that ends it."""
    return "".join(line + end for line in (*told, ""))


KIND = '"created":1770000000,"model":"another-herb","object":"chat.completion.chunk"'
CHAT = (
    lines(": a comment of the provider's"),
    lines(
        f'data: {{"x_vendor":{{"b":1.0,"a":[2e3]}},{KIND},"id":"chatcmpl-own","choices":'
        '[{"delta":{"content":"","role":"assistant"},"finish_reason":null,"index":0}]}'
    ),
    lines(
        "id: 7",
        f'data:{{"id":"chatcmpl-own",{KIND},',
        'data: "choices": [{"index":0,"delta":{"content":"Sorrel \\u00fc"},"finish_reason":null}]}',
    ),
    lines(
        f'data: {{"id":"chatcmpl-own",{KIND},"choices":'
        '[{"index":0,"delta":{"content":" and \u6728\u862d"},"finish_reason":null}]}',
        end="\r\n",
    ),
    lines(
        f'data: {{"id":"chatcmpl-own",{KIND},"choices":'
        '[{"index":0,"delta":{},"finish_reason":"stop"}]}'
    ),
    lines("data: [DONE]"),
)
MESSAGES = (
    lines(
        "event: message_start",
        'data: {"message":{"x_vendor":[2e3],"role":"assistant","id":"msg_own","type":"message",'
        '"model":"another-herb","content":[],"stop_reason":null,"stop_sequence":null,'
        '"usage":{"output_tokens":1,"input_tokens":7}},"type":"message_start"}',
    ),
    lines(": a comment of the provider's"),
    lines(
        "event: content_block_start",
        'data:{"type":"content_block_start","index":0,',
        'data: "content_block":{"type":"text","text":""}}',
    ),
    lines(
        "event: content_block_delta",
        'data: {"index":0,"delta":{"text":"Sorrel \\u00fc","type":"text_delta"},'
        '"type":"content_block_delta"}',
        end="\r\n",
    ),
    lines("event: content_block_stop", 'data: {"index":0,"type":"content_block_stop"}'),
    lines(
        "event: message_delta",
        'data: {"delta":{"stop_sequence":null,"stop_reason":"end_turn"},"type":"message_delta",'
        '"usage":{"output_tokens":5}}',
    ),
    lines("event: message_stop", 'data: {"type": "message_stop"}'),
)
USED = '"usageMetadata":{"totalTokenCount":12,"promptTokenCount":7,"candidatesTokenCount":5}'
GEMINI = (
    lines(
        'data: {"x_vendor":[2e3],"candidates":[{"index":0,"content":{"role":"model","parts":'
        f'[{{"text":"Sorrel \\u00fc"}}]}}}}],{USED},"responseId":"own",'
        '"modelVersion":"another-herb"}'
    ),
    lines(
        'data: {"candidates": [{"finishReason":"STOP","content":{"parts":'
        f'[{{"text":" and \u6728\u862d"}}],"role":"model"}},"index":0}}],{USED},'
        '"responseId":"own","modelVersion":"another-herb"}',
        end="\r\n",
    ),
)


def _said(pieces: tuple[str, ...]) -> dict[str, Send]:
    """Return a request whose provider writes these pieces, and one cut inside of characters."""
    step: Json = [*({"raw": piece} for piece in pieces), {"close": "clean"}]
    cut: Json = {"step": step, "fault": [{"split": 5}]}
    return {"whole": Send(change={"step": step}), "cut": Send(change=cut)}


PROBES = tuple(
    Probe(
        f"verbatim-{surface}",
        "declared content.transparency",
        "text",
        _said(pieces),
        surfaces=surface,
        feature="transparency",
    )
    for surface, pieces in (("chat", CHAT), ("messages", MESSAGES), ("gemini", GEMINI))
)
