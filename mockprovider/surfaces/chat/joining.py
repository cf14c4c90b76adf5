"""Vendors that say the last of an answer and why it ended in one chunk."""

from mockprovider.steps import Call, Finish, Say, Step
from mockprovider.surfaces.chat.habits import Habits


def joined(step: Step, after: Step | None, habits: Habits) -> Finish | None:
    """Return the finish that the only delta of the step before carries too, if any does."""
    if habits.finish != "joined" or not isinstance(after, Finish) or after.say or after.extra:
        return None
    same_choice = getattr(step, "choice", None) == after.choice
    return after if same_choice and _one_delta(step, habits) else None


def _one_delta(step: Step, habits: Habits) -> bool:
    match step:
        case Say():
            return step.repeat == 1
        case Call():
            return habits.tool_arguments in ("whole", "object")
    return False
