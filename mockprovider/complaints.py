"""What is wrong with a scenario, as one sentence: place, value, and what would have been right."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from mockprovider.shapes import Json, Mismatch, Path, Shape, type_name
from mockprovider.steps import BUILD, Arguments, BadScenario, Call, Steps

WORDS = {
    "object": "a table", "array": "a list", "string": "a text", "boolean": "true or false",
    "null": "null", "integer": "a whole number", "number": "a number",
}  # fmt: skip
LIMITS = {
    "minimum": "must be at least {wanted}, not {found!r}",
    "maximum": "must be at most {wanted}, not {found!r}",
    "minItems": "needs at least {wanted} items",
    "maxItems": "may have at most {wanted} items",
    "minLength": "must not be shorter than {wanted} characters",
    "maxLength": "must not be longer than {wanted} characters",
    "minProperties": "is an empty table; it needs a name",
    "maxProperties": "has several names; write one table for each",
    "pattern": "does not match {wanted}: {found!r}",
}
MAX_DEPTH = 100
TOO_DEEP = f"the document is nested more than {MAX_DEPTH} deep"
HALF = re.compile("[\ud800-\udfff]")


def unsayable(document: Json) -> str | None:
    """Tell why a document cannot be written as JSON in UTF-8 again, if it cannot."""
    waiting = [(document, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return TOO_DEEP
        if isinstance(value, str) and (half := HALF.search(value)):
            return f"half a surrogate pair, {half[0]!r}, is no text; say it as raw_base64"
        if isinstance(value, dict):
            waiting += ((each, depth + 1) for pair in value.items() for each in pair)
        elif isinstance(value, list):
            waiting += ((each, depth + 1) for each in value)
    return None


def sentence(wrong: Mismatch) -> str:
    """Say one mismatch as a scenario's author would want to hear it."""
    place, subject = where(wrong.path)
    if verbs := _verbs(wrong):
        return f"{place}{verbs}"
    match wrong.keyword:
        case "required":
            place, subject = where(wrong.path[:-1])
            return f"{place}{subject} lacks {wrong.wanted!r}"
        case "additionalProperties":
            return f"{place}unknown member {subject!r}{_hint(wrong.path[-1], wrong.wanted)}"
        case "enum":
            return f"{place}{subject} is {wrong.found!r}{_hint(wrong.found, wrong.wanted)}"
        case "type":
            return f"{place}{subject} must be {_types(wrong.wanted)}, not {_shown(wrong.found)}"
        case "oneOf":
            return f"{place}{subject} must be {_branches(wrong.wanted)}, not {_shown(wrong.found)}"
    limit = LIMITS[wrong.keyword].format(wanted=wrong.wanted, found=wrong.found)
    return f"{place}{subject} {limit}"


def where(path: Path) -> tuple[str, str]:
    """Split a path into the numbered place and the dotted name inside it."""
    place, names = "", list[str]()
    for part in path:
        if isinstance(part, int):
            place += f"{'.'.join(names)} {part + 1}: "
            names = []
        else:
            names.append(part)
    return place, ".".join(names) or ("it" if path else "the document")


def check(steps: Steps, holds: Sequence[str], place: str) -> None:
    """Raise for what a schema cannot say: names that clash or point nowhere."""
    twice = [name for name, count in Counter(holds).items() if count > 1]
    if twice:
        raise BadScenario(f"{place}: hold {twice[0]!r} appears twice; each needs its own name")
    opened = set[str]()
    for number, step in enumerate(steps, 1):
        if isinstance(step, Call):
            if step.id in opened:
                raise BadScenario(f"{place}: step {number}: a second call {step.id!r}")
            opened.add(step.id)
        if isinstance(step, Arguments) and step.of not in opened:
            known = _hint(step.of, opened) or "; no call was opened before it"
            raise BadScenario(f"{place}: step {number}: no call {step.of!r}{known}")


def _verbs(wrong: Mismatch) -> str:
    """Explain a step that has no verb, or several."""
    table = wrong.found if wrong.keyword == "oneOf" else None
    if wrong.path[-2:-1] == ("step",) and isinstance(table, dict):
        return _no_verb(table)
    if wrong.keyword == "additionalProperties" and wrong.path[-1] in BUILD:
        own = next((name for name in wrong.shape.get("required", ())), None)
        if own in BUILD:
            return f"two verbs, {own!r} and {wrong.path[-1]!r}; a step has one"
    return ""


def _no_verb(table: dict[str, object]) -> str:
    for name in table:
        if near := difflib.get_close_matches(name, BUILD, n=1, cutoff=0.65):
            return f"no verb {name!r}; did you mean {near[0]!r}?"
    named = ", ".join(map(repr, table)) or "an empty table"
    return f"no verb in {named}; the verbs are {', '.join(BUILD)}"


def _hint(found: object, wanted: Iterable[object]) -> str:
    """Offer the nearest of the names that would do, or all of them."""
    names = [str(name) for name in wanted]
    if near := difflib.get_close_matches(str(found), names, n=1):
        return f"; did you mean {near[0]!r}?"
    return f"; it can be {', '.join(names)}" if names else ""


def _types(names: Iterable[str]) -> str:
    return " or ".join(WORDS[name] for name in names)


def _branches(branches: Sequence[Shape]) -> str:
    return _types(dict.fromkeys(str(branch.get("type", "object")) for branch in branches))


def _shown(value: object) -> str:
    text = repr(value)
    kind = WORDS[type_name(value)].split()[-1]
    return text if len(text) <= 60 else f"a {kind} of {len(text)} characters"  # noqa: PLR2004
