"""The pieces of JSON that streamed and plain answers of the Gemini surface share."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

from mockprovider.shapes import Json
from mockprovider.slots import slot
from mockprovider.steps import Cite, Error, Steps, Usage
from mockprovider.surfaces.gemini.habits import Habits
from mockprovider.surfaces.writing import ABSENT, present, written

FINISH_REASONS = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
}
# The words of google.rpc.Code, by the HTTP status each is told with.
STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
OTHER_WORDS = ("FAILED_PRECONDITION", "OUT_OF_RANGE", "ALREADY_EXISTS", "DATA_LOSS", "UNKNOWN")
FIRST_SERVER_ERROR = 500
RPC = "type.googleapis.com/google.rpc."
DOMAIN = "googleapis.com"


def text(value: Json, habits: Habits) -> bytes:
    """Write JSON as the service does: on one line, what could be markup escaped."""
    data = written(value, habits.json)
    return data.replace(b"<", rb"\u003c").replace(b">", rb"\u003e")


def pretty(value: Json) -> bytes:
    """Write JSON as the service does where it is no event."""
    data = json.dumps(value, indent=2, ensure_ascii=False).encode()
    return data.replace(b"<", rb"\u003c").replace(b">", rb"\u003e")


def bill(script: Steps) -> Usage | None:
    """Return the usage a script states."""
    return next((step for step in script if isinstance(step, Usage)), None)


def response(candidates: Json, usage: Json, habits: Habits) -> dict[str, Json]:
    """Return one GenerateContentResponse; a blocked prompt has no candidates."""
    blocked = {"blockReason": habits.block}
    return present({
        "candidates": ABSENT if habits.block else candidates,
        "promptFeedback": blocked if habits.block else ABSENT,
        "usageMetadata": usage,
        "modelVersion": slot("model"),
        "responseId": slot("id"),
        **habits.chunk_extra,
    })  # fmt: skip


def candidate(
    choice: int, parts: Sequence[Json] | None, finish: str | None, beside: Mapping[str, Json],
    habits: Habits,
) -> dict[str, Json]:  # fmt: skip
    """Return one candidate; no parts are a content without parts, None is no content at all."""
    content = {"parts": list(parts or ()) or ABSENT, "role": "model"}
    before = "STOP" if habits.finish_reason == "every" else ABSENT
    return present({
        "content": ABSENT if parts is None else present(content),
        "finishReason": before if finish is None else finish,
        "index": choice if habits.index == "given" else ABSENT,
        **beside,
        **habits.candidate_extra,
    })  # fmt: skip


def counts(bill: Usage, said: int, thought: int, habits: Habits) -> dict[str, Json]:
    """Count as this API does: thoughts beside the candidates, cached inside the prompt."""
    return present({
        "promptTokenCount": bill.input,
        "candidatesTokenCount": said or ABSENT,
        "totalTokenCount": bill.input + said + thought,
        "cachedContentTokenCount": bill.cached or ABSENT,
        "promptTokensDetails": _details(bill.input),
        "cacheTokensDetails": _details(bill.cached) if bill.cached else ABSENT,
        "thoughtsTokenCount": thought or ABSENT,
        **habits.usage_extra,
    })  # fmt: skip


def whole(bill: Usage, habits: Habits) -> dict[str, Json]:
    """Return the counts of the whole answer."""
    return counts(bill, answer(bill), bill.reasoning, habits)


def answer(bill: Usage) -> int:
    """Return what the answer itself took; thoughts are counted beside it."""
    return max(0, bill.output - bill.reasoning)


def _details(count: int) -> list[Json]:
    return [{"modality": "TEXT", "tokenCount": count}]


def encoded(signature: str) -> str:
    """Return a signature as the bytes it is here: in base64, if it is not already."""
    try:
        b64decode(signature, validate=True)
    except ValueError:
        return b64encode(signature.encode()).decode()
    return signature


def citations(cites: Sequence[Cite], said: str, habits: Habits) -> dict[str, Json]:
    """Return all a candidate has cited so far, as the last chunk that says it counts."""
    if habits.cite == "citation":
        found = [
            {"startIndex": cite.start, "endIndex": cite.end, "uri": cite.url, "title": cite.title}
            for cite in cites
        ]
        return {"citationMetadata": {"citations": found}}
    chunks = [{"web": {"uri": cite.url, "title": cite.title}} for cite in cites]
    supports = [
        {"segment": _segment(cite, said), "groundingChunkIndices": [at]}
        for at, cite in enumerate(cites)
    ]
    return {"groundingMetadata": {"groundingChunks": chunks, "groundingSupports": supports}}


def _segment(cite: Cite, said: str) -> dict[str, Json]:
    """Say where a text is; a segment is counted in bytes."""
    start, end = (len(said[:at].encode()) for at in (cite.start, cite.end))
    return {"startIndex": start, "endIndex": end, "text": said[cite.start : cite.end]}


def logprobs(rows: Sequence[Json]) -> dict[str, Json]:
    """Return log probabilities, made from rows as OpenAI writes them."""
    return {
        "topCandidates": [{"candidates": [*map(_row, row["top_logprobs"])]} for row in rows],
        "chosenCandidates": [*map(_row, rows)],
    }


def _row(row: Mapping[str, Json]) -> dict[str, Json]:
    return {"token": row["token"], "logProbability": row["logprob"]}


def error(step: Error) -> dict[str, Json]:
    """Return an error in Google's envelope: `error` is its only member."""
    code = step.status or FIRST_SERVER_ERROR
    fallback = STATUSES[500 if code >= FIRST_SERVER_ERROR else 400]
    known = (*STATUSES.values(), *OTHER_WORDS)
    word = step.type if step.type in known else STATUSES.get(code, fallback)
    body = {"code": code, "message": step.message, "status": word}
    details = list(_error_details(step, code))
    return {"error": body | ({"details": details} if details else {})}


def _error_details(step: Error, code: int) -> Sequence[Json]:
    told = list[Json]()
    if step.param is not None:
        # At the root there is no field to name.
        field = {"field": step.param} if step.param else {}
        violation = {**field, "description": step.message}
        told.append({"@type": f"{RPC}BadRequest", "fieldViolations": [violation]})
    if step.code is not None:
        told.append({"@type": f"{RPC}ErrorInfo", "reason": str(step.code), "domain": DOMAIN})
    if code == 429:  # noqa: PLR2004  (Too Many Requests)
        told.append({"@type": f"{RPC}RetryInfo", "retryDelay": "1s"})
    return told


def envelope(step: Error) -> tuple[int, Mapping[str, Json]]:
    """Return status and body of an answer that is an error."""
    return step.status or FIRST_SERVER_ERROR, error(step)
