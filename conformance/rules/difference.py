"""Says where two texts, or two choices, part; what fidelity and invariance report."""

from conformance.protocols.outcome import Choice

NEAR = 24  # characters shown from where two texts part


def parted(wanted: str, got: str) -> str:
    """Say how a text departs from the one it should be, or nothing."""
    if wanted == got:
        return ""
    at = next((i for i, (a, b) in enumerate(zip(wanted, got, strict=False)) if a != b), None)
    if at is None:
        at = min(len(wanted), len(got))
    return f"at character {at}: {_near(got, at)} where {_near(wanted, at)} was expected"


def _near(text: str, at: int) -> str:
    piece = text[at : at + NEAR]
    if not piece:
        return "the end"
    return repr(piece) + ("..." if at + NEAR < len(text) else "")


def choice_parted(wanted: Choice, got: Choice) -> str:
    """Say how a choice departs from what it should be, or nothing."""
    for name in ("text", "reasoning", "refusal"):
        if what := parted(getattr(wanted, name), getattr(got, name)):
            return f"{name} departs {what}"
    if wanted.calls != got.calls:
        return f"tool calls are {_calls(got)}, not {_calls(wanted)}"
    if wanted.finish != got.finish:
        return f"the finish reason is {got.finish!r}, not {wanted.finish!r}"
    return ""


def choices_parted(wanted: tuple[Choice, ...], got: tuple[Choice, ...]) -> str:
    """Say how the choices of an answer depart from what they should be, or nothing."""
    if len(wanted) != len(got):
        return f"{len(got)} choices came, not {len(wanted)}"
    for index, pair in enumerate(zip(wanted, got, strict=True)):
        if what := choice_parted(*pair):
            return f"choice {index}: {what}"
    return ""


def _calls(choice: Choice) -> str:
    shown = ", ".join(f"{call.name}({call.arguments[: 2 * NEAR]})" for call in choice.calls)
    return shown or "none"
