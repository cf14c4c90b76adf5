"""Google's Gemini API: whole responses as chunks, to tokens; the grammar of a stream.

Facts: the API reference of generateContent and streamGenerateContent (v1 and v1beta), the type of a
response in Google's SDKs, and recorded streams. Each chunk is a response of its own, as an event or
as an element of one JSON array; the stream is over with its body, and nothing else says so.
Members and kinds of parts that are not known are passed over, as the reference demands of clients.
"""

from collections.abc import Iterator
from urllib.parse import unquote

from conformance.exchange import Exchange, Json, once
from conformance.findings import Span
from conformance.protocols import grammar
from conformance.protocols.grammar import END, Table, Token, Violation
from conformance.protocols.surface import SENTINEL, Data, Event, answer, ended, items, read_event
from conformance.wire import array, sse
from conformance.wire.sse import BOM

# state -> what may come next -> the state it leads to. A prompt that is blocked gets no candidate.
STREAM: Table = {
    "open": {"candidate": "open", "usage": "open", "note": "open", "blocked": "blocked",
             "error": "failed", END: "open"},
    "blocked": {"usage": "blocked", "note": "blocked", "error": "failed", END: "blocked"},
    "failed": {END: "failed"},
}  # fmt: skip

CANDIDATE: Table = {
    "open": {"payload": "open", "empty": "open", "finish": "finished", "error": "failed"},
    "finished": {"empty": "finished", "error": "failed", END: "finished"},
    "failed": {"error": "failed", END: "failed"},
}

# Members of a part that bring no content of their own.
FLAGS = frozenset({"text", "thought", "thoughtSignature", "partMetadata", "videoMetadata",
                   "mediaResolution"})  # fmt: skip
# A usage that has none of them is about the traffic, and counts nothing.
COUNTS = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount",
          "toolUsePromptTokenCount", "cachedContentTokenCount")  # fmt: skip

# Why a candidate ends, in the API's words -> in neutral ones. Calls end with STOP; what has no
# neutral word keeps its own.
WITHHELD = (
    "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR",
)  # fmt: skip
OWN = ("FINISH_REASON_UNSPECIFIED", "OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL",
       "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE", "IMAGE_OTHER",
       "NO_IMAGE", "ESCALATION", "PUP_LIMITED_DISABLED", "CONTINUATION")  # fmt: skip
# Why a prompt is blocked, where no finish reason is called the same.
BLOCKED = ("BLOCKED_REASON_UNSPECIFIED", "JAILBREAK")
WORDS = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    **dict.fromkeys((*WITHHELD, *BLOCKED), "content_filter"),
    **{word: word for word in OWN},
}
# The same words where a request has `enum-encoding=int` in its query.
NUMBERS = (
    "FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "LANGUAGE",
    "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL",
)  # fmt: skip

Members = dict[str, Json]


def listed(exchange: Exchange) -> bool:
    """Say whether the body is a JSON array, whatever was asked for."""
    return exchange.body.removeprefix(BOM).lstrip(array.SPACE).startswith(b"[")


@once
def elements(exchange: Exchange) -> list[array.Item]:
    return array.decode(exchange.body)


@once
def events(exchange: Exchange) -> list[Event]:
    """Return every chunk in order, of either form; a terminator of another API stays as it is."""
    if not listed(exchange):
        found = [item for item in items(exchange) if isinstance(item, sse.Event)]
        return [item if item.data == SENTINEL else read_event(item) for item in found]
    return [
        read_event(sse.Event("", item.data, item.span))
        for item in elements(exchange)
        if isinstance(item, array.Element)
    ]


@once
def chunks(exchange: Exchange) -> list[Data]:
    """Return the chunks proper: responses that are no error envelope."""
    return [
        event
        for event in events(exchange)
        if isinstance(event, Data) and not event.value.get("error")
    ]


def responses(exchange: Exchange) -> list[Data]:
    """Return what a client reads: the one plain answer, or the chunks of what came as a stream."""
    one = exchange.mode == "plain" and answer(exchange) is not None
    return [whole(exchange)] if one else chunks(exchange)


def whole(exchange: Exchange) -> Data:
    return Data(answer(exchange) or {}, Span(0, len(exchange.body)))


def objects(value: Json) -> list[Members]:
    """Return the objects of what should be a list of objects."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def candidates(chunk: Data) -> list[Members]:
    return objects(chunk.value.get("candidates"))


def parts(candidate: Members) -> list[Members]:
    content = candidate.get("content")
    return objects(content.get("parts")) if isinstance(content, dict) else []


def index(candidate: Members) -> int:
    """Return the candidate's number: 0 is a default, and defaults are not written."""
    value = candidate.get("index")
    return value if isinstance(value, int) else 0


def text(part: Members) -> str:
    value = part.get("text")
    return value if isinstance(value, str) else ""


def usage(chunk: Data) -> Members | None:
    """Return the counts of a chunk; a usage that only names the kind of traffic has none."""
    value = chunk.value.get("usageMetadata")
    counted = isinstance(value, dict) and any(name in value for name in COUNTS)
    return value if counted else None


def blocked(chunk: Data) -> Json:
    """Return why the prompt was blocked, or None if it was not."""
    feedback = chunk.value.get("promptFeedback")
    return feedback.get("blockReason") if isinstance(feedback, dict) else None


def reason(exchange: Exchange, value: Json) -> str:
    """Return a finish reason as its word; a number is one only where numbers were asked for."""
    asked = exchange.request and "enum-encoding=int" in unquote(exchange.request.url)
    if asked and isinstance(value, int) and 0 <= value < len(NUMBERS):
        return NUMBERS[value]
    return str(value)


@once
def tokens(exchange: Exchange) -> list[Token]:
    """Return the stream as tokens, the end of the body included if the body did end."""
    found = [token for event in events(exchange) for token in _tokens(exchange, event)]
    return [*found, *ended(exchange)]


def _tokens(exchange: Exchange, event: Event) -> Iterator[Token]:
    if not isinstance(event, Data):
        return
    if event.value.get("error"):
        yield Token("error", event.span, value=event.value["error"])
        return
    for candidate in candidates(event):
        yield from _candidate(exchange, candidate, event.span)
    if why := blocked(event):
        yield Token("blocked", event.span, value=why)
    counts = usage(event)
    if counts is not None:
        yield Token("usage", event.span, value=counts)
    elif not candidates(event) and not why:
        yield Token("note", event.span)


def _candidate(exchange: Exchange, candidate: Members, span: Span) -> Iterator[Token]:
    at, brought = index(candidate), payload(candidate)
    if brought:
        yield Token("payload", span, at, brought)
    if candidate.get("finishReason"):
        yield Token("finish", span, at, reason(exchange, candidate["finishReason"]))
    elif not brought:
        yield Token("empty", span, at)


def payload(candidate: Members) -> list[str]:
    """Return what a candidate brings, by the names of its parts; a signature alone is nothing."""
    found = [
        name
        for part in parts(candidate)
        for name in part
        if name not in FLAGS or (name == "text" and text(part))
    ]
    return list(dict.fromkeys(found))


@once
def stream_violations(exchange: Exchange) -> list[Violation]:
    """Return what breaks the order of the stream as a whole."""
    order = (
        token if token.choice is None else token._replace(kind="candidate")
        for token in tokens(exchange)
    )
    return list(grammar.violations(STREAM, order))


@once
def choice_violations(exchange: Exchange) -> list[Violation]:
    """Return what breaks the order within a candidate."""
    order = by_candidate(exchange).values()
    return [violation for each in order for violation in grammar.violations(CANDIDATE, each)]


@once
def by_candidate(exchange: Exchange) -> dict[int, list[Token]]:
    """Return the tokens of each candidate; errors and the end belong to all of them."""
    return grammar.by_choice(tokens(exchange))


def asked(exchange: Exchange) -> int:
    """Return how many candidates were asked for."""
    number = exchange.asked("generationConfig", "candidateCount")
    return number if isinstance(number, int) else 1


@once
def misnumbered(exchange: Exchange) -> set[int]:
    """Return the candidates that are there and should not be, or the other way round."""
    seen = {index(each) for chunk in responses(exchange) for each in candidates(chunk)}
    return seen ^ set(range(asked(exchange))) if seen else set()
