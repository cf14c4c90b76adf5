"""Which requests are answered, or left unread, before they have come whole."""

from mockprovider import marker
from mockprovider.faults.request import EarlyAnswer, NoContinue, UnreadRequest
from mockprovider.inbox import Request
from mockprovider.provider import Provider
from mockprovider.steps import BadScenario

TAKEN = EarlyAnswer | UnreadRequest | NoContinue


def fault(provider: Provider, partial: Request) -> TAKEN | None:
    """Return the fault of a request's scenario that is about its being taken, if it has one."""
    mark = marker.of(partial)
    if mark is None or mark.damage:
        return None
    try:
        scenario = provider.chosen(mark)
    except BadScenario:
        # It will be refused once it is here.
        return None
    before = provider.journal.attempts(mark.nonce) if mark.nonce else 0
    faults = scenario.script(before + 1).faults
    return next((each for each in faults if isinstance(each, TAKEN)), None)
