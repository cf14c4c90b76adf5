"""The same steps folded into one response, and the count of a prompt's tokens."""

from collections.abc import Iterable, Mapping

from mockprovider.shapes import Json
from mockprovider.steps import Steps
from mockprovider.surfaces.gemini import members
from mockprovider.surfaces.gemini.calls import Part
from mockprovider.surfaces.gemini.habits import Habits
from mockprovider.surfaces.gemini.pieces import EMPTY, Piece, pieces
from mockprovider.surfaces.gemini.stream import shown
from mockprovider.surfaces.surface import Ask
from mockprovider.surfaces.writing import ABSENT


def plain(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> bytes:
    """Render the body of an answer that is not streamed."""
    own = Habits(**{**habits, "arguments": "whole"})
    found = pieces(steps, ask, own, thoughts=shown(ask))
    said = [each for each in found if isinstance(each, Piece)]
    choices = sorted({piece.choice for piece in said})
    candidates = [
        _candidate(choice, [piece for piece in said if piece.choice == choice], own)
        for choice in choices
    ]
    bill = members.bill(steps)
    usage = ABSENT if bill is None or not ask.usage else members.whole(bill, own)
    return members.pretty(members.response(candidates, usage, own)) + b"\n"


def count(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> bytes:
    """Render the answer to how long the prompt is: as long as the usage will say."""
    bill = members.bill(steps)
    total = bill.input if bill else 0
    details = [{"modality": "TEXT", "tokenCount": total}]
    return members.pretty({"totalTokens": total, "promptTokensDetails": details}) + b"\n"


def _candidate(choice: int, said: list[Piece], habits: Habits) -> dict[str, Json]:
    parts = _merged(part for piece in said for part in (piece.parts or ()) * piece.repeat)
    finish = next((piece.finish for piece in said if piece.finish is not None), None)
    beside: dict[str, Json] = {}
    for piece in said:
        beside |= _added(beside, piece.beside)
    content = None if not parts and said[-1].parts is None else parts
    return members.candidate(choice, content, finish, beside, habits)


def _merged(parts: Iterable[Part]) -> list[Part]:
    """Join texts of a kind that follow one another; an empty one says something if signed."""
    merged = list[Part]()
    for part in parts:
        if part == EMPTY:
            continue
        if merged and _kind(part) is not None and _kind(part) == _kind(merged[-1]):
            merged[-1] = {**merged[-1], **part, "text": merged[-1]["text"] + part["text"]}
        else:
            merged.append(part)
    return merged


def _kind(part: Part) -> bool | None:
    """Tell a text from a thought; what is signed, or no text, is of no kind that can be joined."""
    text = isinstance(part.get("text"), str) and "thoughtSignature" not in part
    return bool(part.get("thought")) if text else None


def _added(known: Mapping[str, Json], more: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return members as they are after some more: log probabilities add up, the rest replaces."""
    if "logprobsResult" not in known or "logprobsResult" not in more:
        return more
    before, after = known["logprobsResult"], more["logprobsResult"]
    return {**more, "logprobsResult": {name: before[name] + after[name] for name in after}}
