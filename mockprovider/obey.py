"""What a request asks for, done to the steps: number of choices, stop texts, token limit."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from mockprovider.steps import Arguments, Call, Finish, Refuse, Say, Spoken, Step, Steps, Think, Usage
from mockprovider.surfaces.surface import Ask

SPOKEN = Spoken.__args__  # type: ignore[attr-defined]


def obeyed(steps: Steps, ask: Ask, disobeys: Collection[str]) -> Steps:
    """Return the steps every surface then renders as they are; each spoken one has its choice."""
    if "parallel" not in disobeys and not ask.parallel:
        steps = one_call(steps)
    scripted = 1 + max((_choice(step) for step in steps), default=0)
    steps = tuple(for_choices(steps, scripted if "n" in disobeys else ask.n, scripted))
    stop = () if "stop" in disobeys else ask.stop
    limit = None if "limit" in disobeys else ask.limit
    return trimmed(steps, stop, limit) if stop or limit is not None else steps


def one_call(steps: Steps) -> Steps:
    """Keep the first call of each choice only."""
    first = dict[int | None, str]()
    for step in steps:
        if isinstance(step, Call):
            first.setdefault(step.choice, step.id)
    kept = set(first.values())
    return tuple(step for step in steps if _call(step) in {None, *kept})


def for_choices(steps: Steps, n: int, scripted: int) -> Iterator[Step]:
    """Deal the steps out to `n` choices; a choice the scenario has no steps for repeats another."""
    calls = dict[str, int | None]()
    for step in steps:
        if not isinstance(step, SPOKEN):
            yield step
            continue
        if isinstance(step, Call):
            calls[step.id] = step.choice
        own = calls.get(step.of) if isinstance(step, Arguments) else step.choice
        for choice in range(n):
            if own is None or choice % scripted == own:
                yield _renamed(replace(step, choice=choice), copy=choice if own is None else choice - own)


def trimmed(steps: Steps, stop: Collection[str], limit: int | None) -> Steps:
    """End each choice at the first stop text, or at the token limit."""
    ends = {choice: _stop_at(text, stop) for choice, text in _texts(steps).items()}
    replies = {choice: Reply(end, limit) for choice, end in ends.items()}
    kept = list[Step]()
    for step in steps:
        if not isinstance(step, SPOKEN):
            kept.append(step)
        else:
            kept += replies.setdefault(step.choice or 0, Reply(None, limit)).trim(step)
    if not any(reply.reason for reply in replies.values()):
        return steps
    spent = sum(reply.tokens for reply in replies.values())
    return tuple(_capped(step, spent) for step in kept)


@dataclass(slots=True)
class Reply:
    """How much of one choice may still be said; `reason` is set once it has ended early."""

    end: int | None
    limit: int | None
    said: int = 0
    tokens: int = 0
    reason: str | None = None
    cut: set[str] = field(default_factory=set)

    def trim(self, step: Spoken) -> list[Step]:
        match step:
            case Finish():
                said = self._say(Say(step.say, tokens=bool(step.say)))
                return [replace(step, say=said.text if said else "", reason=self.reason or step.reason)]
            case _ if self.reason:
                return []
            case Say():
                said = self._say(step)
                return [said] if said else []
            case Think() | Refuse():
                return self._counted(step, step.tokens)
            case Arguments():
                return self._counted(step, 1)
            case Call():
                return self._call(step)
        return [step]

    def _say(self, step: Say) -> Say | None:
        if self.reason:
            return None
        text, tokens = step.whole, step.tokens
        if self.end is not None and self.said + len(text) >= self.end:
            text, self.reason = text[: self.end - self.said], "stop"
        self.said += len(text)
        return self._fitted(replace(step, text=text, times=1, tokens=tokens))

    def _fitted(self, step: Say) -> Say | None:
        """Cut a delta of several tokens where the limit is reached."""
        left = step.tokens if self.limit is None else self.limit - self.tokens
        if left < step.tokens:
            step = replace(step, text=step.text[: len(step.text) * left // step.tokens], tokens=left)
            self.reason = "length"
        self.tokens += step.tokens
        return step if step.text or not self.reason else None

    def _counted(self, step: Spoken, tokens: int) -> list[Step]:
        if self.limit is not None and self.tokens + tokens > self.limit:
            self.reason = "length"
            return []
        self.tokens += tokens
        return [step]

    def _call(self, step: Call) -> list[Step]:
        left = len(step.fragments) if self.limit is None else self.limit - self.tokens
        kept = step.fragments[:left]
        self.tokens += len(kept)
        self.reason = "length" if len(kept) < len(step.fragments) else None
        return [replace(step, arguments=kept)]


def _texts(steps: Steps) -> Mapping[int, str]:
    texts = dict[int, str]()
    for step in steps:
        if isinstance(step, Say | Finish):
            said = step.whole if isinstance(step, Say) else step.say
            texts[step.choice or 0] = texts.get(step.choice or 0, "") + said
    return texts


def _stop_at(text: str, stop: Collection[str]) -> int | None:
    return min((at for at in map(text.find, stop) if at >= 0), default=None)


def _capped(step: Step, spent: int) -> Step:
    """Bill no more than was said."""
    return replace(step, output=min(step.output, spent)) if isinstance(step, Usage) else step


def _choice(step: Step) -> int:
    return getattr(step, "choice", None) or 0


def _call(step: Step) -> str | None:
    return {Call: "id", Arguments: "of"}.get(type(step)) and getattr(step, {Call: "id", Arguments: "of"}[type(step)])


def _renamed(step: Step, *, copy: int) -> Step:
    """Give the calls of a repeated choice ids of their own."""
    match step:
        case Call() if copy:
            return replace(step, id=f"{step.id}_{copy}")
        case Arguments() if copy:
            return replace(step, of=f"{step.of}_{copy}")
    return step
