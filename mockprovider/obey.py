"""What a request asks for, done to the steps: number of choices, stop texts, token limit."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from mockprovider.steps import (
    Arguments,
    Call,
    Finish,
    Say,
    Spoken,
    Step,
    Steps,
    Usage,
    tokens_of,
)
from mockprovider.surfaces.surface import Ask


def obeyed(steps: Steps, ask: Ask, disobeys: Collection[str]) -> Steps:
    """Return the steps every surface then renders as they are; each spoken one has its choice."""
    if "parallel" not in disobeys and not ask.parallel:
        steps = one_call(steps)
    scripted = 1 + max((step.choice or 0 for step in steps if isinstance(step, Spoken)), default=0)
    n = scripted if "n" in disobeys else ask.n
    steps = tuple(for_choices(steps, n, scripted))
    stop = () if "stop" in disobeys else ask.stop
    limit = None if "limit" in disobeys else ask.limit
    return trimmed(steps, stop, limit) if stop or limit is not None else steps


def one_call(steps: Steps) -> Steps:
    """Keep the first call of each choice only."""
    first = dict[int | None, str]()
    for step in steps:
        if isinstance(step, Call):
            first.setdefault(step.choice, step.id)
    kept = {None, *first.values()}
    return tuple(step for step in steps if _call_of(step) in kept)


def for_choices(steps: Steps, n: int, scripted: int) -> Iterator[Step]:
    """Deal the steps out to `n` choices; a choice the scenario has no steps for repeats another."""
    calls = {step.id: step.choice for step in steps if isinstance(step, Call)}
    for step in steps:
        if not isinstance(step, Spoken):
            yield step
            continue
        own = calls.get(step.of) if isinstance(step, Arguments) else step.choice
        for choice in range(n):
            if own is None or choice % scripted == own:
                yield _renamed(replace(step, choice=choice), copy=choice - (own or 0))


def trimmed(steps: Steps, stop: Collection[str], limit: int | None) -> Steps:
    """End each choice at the first stop text, or at the token limit."""
    texts = _texts(steps)
    ends = {choice: _first(text, stop) for choice, text in texts.items()}
    if not any(ends.values()) and (limit is None or sum(map(tokens_of, steps)) <= limit):
        return steps
    replies = {choice: Reply(end, limit) for choice, end in ends.items()}
    kept = list[Step]()
    for step in steps:
        if isinstance(step, Spoken):
            kept += replies[step.choice or 0].trim(step)
        else:
            kept.append(step)
    if not any(reply.reason for reply in replies.values()):
        return steps
    spent = sum(map(tokens_of, kept))
    return tuple(_billed(step, spent) for step in kept)


@dataclass(slots=True)
class Reply:
    """What one choice may still say; `reason` is set once it has ended early."""

    end: tuple[int, str] | None
    limit: int | None
    said: int = 0
    tokens: int = 0
    reason: str | None = None

    def trim(self, step: Spoken) -> list[Step]:
        """Return what is left of a step."""
        if isinstance(step, Finish):
            return [self._finished(step)]
        if self.reason is not None:
            return []
        match step:
            case Say():
                one = replace(step, repeat=1)
                said = (self._said(one) for _ in range(step.repeat))
                return [each for each in said if each is not None]
            case Call():
                return [self._called(step)]
        return self._whole(step)

    def _finished(self, step: Finish) -> Finish:
        last = self._said(Say(step.say, tokens=1)) if step.say else None
        matched = self.end[1] if self.end and self.reason == "stop" else None
        reason = self.reason or step.reason
        return replace(step, say=last.text if last else "", reason=reason, matched=matched)

    def _said(self, step: Say) -> Say | None:
        if self.reason is not None:
            return None
        text = step.whole
        if self.end is not None and self.said + len(text) >= self.end[0]:
            text, self.reason = text[: self.end[0] - self.said], "stop"
        self.said += len(text)
        tokens = min(step.tokens, self._left())
        if tokens < step.tokens:
            text, self.reason = text[: len(text) * tokens // step.tokens], "length"
        self.tokens += tokens
        return replace(step, text=text, times=1, tokens=tokens) if text or not self.reason else None

    def _called(self, step: Call) -> Call:
        kept = step.fragments[: self._left()]
        self.tokens += len(kept)
        self.reason = "length" if len(kept) < len(step.fragments) else None
        return replace(step, arguments=kept)

    def _whole(self, step: Spoken) -> list[Step]:
        if tokens_of(step) > self._left():
            self.reason = "length"
            return []
        self.tokens += tokens_of(step)
        return [step]

    def _left(self) -> int:
        # No answer is as long as this.
        return (1 << 40 if self.limit is None else self.limit) - self.tokens


def _texts(steps: Steps) -> Mapping[int, str]:
    """Return all each choice would say."""
    texts = dict[int, str]()
    for step in steps:
        if isinstance(step, Spoken):
            choice = step.choice or 0
            texts[choice] = texts.get(choice, "") + _text(step)
    return texts


def _text(step: Spoken) -> str:
    match step:
        case Say():
            return step.whole * step.repeat
        case Finish():
            return step.say
    return ""


def _first(text: str, stop: Collection[str]) -> tuple[int, str] | None:
    """Return where the first stop text begins, and which it is."""
    return min(((text.find(each), each) for each in stop if each in text), default=None)


def _billed(step: Step, spent: int) -> Step:
    """Bill no more than was said."""
    return replace(step, output=min(step.output, spent)) if isinstance(step, Usage) else step


def _call_of(step: Step) -> str | None:
    match step:
        case Call():
            return step.id
        case Arguments():
            return step.of
    return None


def _renamed(step: Spoken, *, copy: int) -> Spoken:
    """Give the calls of a repeated choice ids of their own."""
    match step:
        case Call() if copy:
            return replace(step, id=f"{step.id}_{copy}")
        case Arguments() if copy:
            return replace(step, of=f"{step.of}_{copy}")
    return step
