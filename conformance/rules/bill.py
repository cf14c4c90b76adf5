"""What a request is charged, beside what the provider said it used and what the client got.

Bills are in tokens where the router tells them, as money is a product of them. Three numbers meet
here: the tokens the client received, those the provider had written when the client left, and
those of the whole script.
"""

from collections.abc import Iterator

from conformance.exchange import Bill, Exchange
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read
from conformance.protocols.outcome import Usage, scripted
from conformance.rules.rule import rule

WHERE = "bill"
UNITS = "a provider's usage is what it charges for; a router that charges by it counts the same"


def priced(exchange: Exchange) -> Bill | None:
    """Return the bill, if there is one to judge."""
    return exchange.bill if exchange.bill and not exchange.bill.trouble else None


def missing(exchange: Exchange) -> Iterator[Finding]:
    bill = exchange.bill
    if bill and bill.trouble and not bill.unnamed:
        yield Finding(f"no bill: {bill.trouble}", where=WHERE)


def unequal(bill: Bill | None, usage: Usage | None) -> Iterator[Finding]:
    """Yield where a bill has other numbers of tokens than the usage, if there are both."""
    for name in ("input", "output", "cached", "reasoning") if bill and usage else ():
        sent, charged = getattr(usage, name), getattr(bill, name)
        if sent is not None and charged is not None and sent != charged:
            yield Finding(f"{charged} {name} tokens, the provider counted {sent}", where=WHERE)


def miscounted(exchange: Exchange) -> Iterator[Finding]:
    """Yield where a bill does not have the provider's numbers, none at all included."""
    bill, usage = priced(exchange), read.scripted(exchange).usage
    if usage and bill and bill.output is None:
        yield Finding(f"no output tokens, the provider counted {usage.output}", where=WHERE)
    else:
        yield from unequal(bill, usage)


@rule(
    "bill.stream-recorded",
    Level.MUST,
    on="stream plain",
    probes="bill.stream-recorded",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites=UNITS,
    bugs="BerriAI/litellm#6633 BerriAI/litellm#36426 BerriAI/litellm#40100 "
    "Augustas11/macprovider#187",
)
def a_finished_answer_is_on_the_books(exchange: Exchange) -> Iterator[Finding]:
    """Each finished answer, streamed or not, has a settled bill with the provider's numbers."""
    bill, usage = priced(exchange), scripted(exchange.scenario).usage
    yield from missing(exchange)
    yield from unequal(bill, usage)
    if bill and usage and bill.output is None:
        yield Finding("the bill has no output tokens", where=WHERE)


@rule(
    "bill.not-double-counted",
    Level.MUST,
    on="stream",
    probes="bill.not-double-counted",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites=UNITS,
    bugs="QuantumNous/new-api#7274 Augustas11/macprovider#762 api7/aisix#882",
)
def usage_is_charged_once(exchange: Exchange) -> Iterator[Finding]:
    """Usage that grows from event to event, or comes in two, is charged once."""
    yield from unequal(priced(exchange), scripted(exchange.scenario).usage)


@rule(
    "usage.split-event-counted",
    Level.MUST,
    on="stream",
    probes="usage.split-event-counted",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites=UNITS,
    bugs="envoyproxy/ai-gateway#2162 higress-group/higress#4616 9j/claude-code-mux#14",
)
def usage_is_charged_however_it_was_cut(exchange: Exchange) -> Iterator[Finding]:
    """Usage whose event comes in several reads is on the bill like any other."""
    yield from miscounted(exchange)


@rule(
    "bill.token-classes-priced",
    Level.MUST,
    on="stream plain",
    probes="bill.token-classes-priced",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites=UNITS,
    bugs="BerriAI/litellm#9812 BerriAI/litellm#11789 MartialBE/one-hub#795 cloudflare/ai#550",
)
def each_class_of_tokens_is_charged(exchange: Exchange) -> Iterator[Finding]:
    """Cached and reasoning tokens are on the bill by themselves, in streams too."""
    bill, usage = priced(exchange), scripted(exchange.scenario).usage
    for name in ("cached", "reasoning") if bill and usage else ():
        if getattr(usage, name) and getattr(bill, name) is None:
            sent = getattr(usage, name)
            yield Finding(f"no {name} tokens, the provider counted {sent}", where=WHERE)


@rule(
    "bill.cancel-recorded",
    Level.MUST,
    on="left",
    probes="bill.cancel",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites="a stream that was left has cost what was written of it",
    bugs="BerriAI/litellm#33736 QuantumNous/new-api#4463 QuantumNous/new-api#1272",
)
def a_cancelled_stream_is_on_the_books(exchange: Exchange) -> Iterator[Finding]:
    """A stream that its client left has a settled bill that says how much of it was output."""
    bill = priced(exchange)
    yield from missing(exchange)
    if bill and bill.output is None:
        yield Finding("the bill does not say how much was output", where=WHERE)


@rule(
    "bill.cancel-not-overbilled",
    Level.MUST,
    on="left",
    probes="bill.cancel",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites="vercel/ai#8325: 200 to 400 tokens were seen and 13 000 billed",
    bugs="Wei-Shaw/sub2api#4408",
)
def who_leaves_pays_for_nothing_later(exchange: Exchange) -> Iterator[Finding]:
    """No token is charged that the provider had not written when the client left.

    A router whose declared policy is to charge in full charges the whole answer instead.
    """
    bill, written = priced(exchange), generated(exchange)
    full = exchange.policy.get("cancel-bill") == "full"
    if bill and bill.output is not None and bill.output > written and not full:
        yield Finding(f"{bill.output} output tokens; {numbers(exchange)}", where=WHERE)


@rule(
    "bill.cancel-policy-declared",
    Level.SHOULD,
    on="left",
    probes="bill.cancel",
    needs="bill upstream",
    policy="cancel-bill",
    basis=Basis.POLICY,
    cites="routers charge a cancelled stream in four ways; only a declared one can be relied on",
    bugs="fawney19/Aether#654",
)
def a_cancelled_stream_is_charged_as_declared(exchange: Exchange) -> Iterator[Finding]:
    """A stream that its client left is charged by the declared policy `cancel-bill`.

    That is the tokens the client got (`emitted`), those the provider had written (`generated`),
    the whole answer (`full`) or nothing (`none`).
    """
    bill, right = priced(exchange), due(exchange)
    if not bill or bill.output is None or not right:
        return
    declared = exchange.policy["cancel-bill"]
    # More than was written is the other rule's affair.
    if bill.output not in right and (bill.output <= generated(exchange) or declared == "full"):
        what = f"{bill.output} output tokens, by the policy {declared!r} it is {right[0]}"
        yield Finding(f"{what}; {numbers(exchange)}", where=WHERE)


def due(exchange: Exchange) -> range:
    """Return what may be charged; what a router may keep back may count as emitted, or not."""
    match exchange.policy.get("cancel-bill"):
        case "emitted":
            got, ahead = emitted(exchange), int(exchange.policy.get("lookahead", 1))
            # A stream that is held back altogether is another rule's affair.
            return range(got, got + ahead + 1) if got else range(generated(exchange) + 1)
        case "generated":
            return range(generated(exchange), generated(exchange) + 1)
        case "full":
            return range(whole(exchange), whole(exchange) + 1)
        case "none":
            return range(1)
    return range(0)


def emitted(exchange: Exchange) -> int:
    """Return how many of the script's pieces of text the client got; each is one token."""
    got = "".join(choice.text for choice in read.outcome(exchange).choices)
    return sum(word in got for word in _words(exchange))


def generated(exchange: Exchange) -> int:
    return sum(entry["sent"]["tokens"] for entry in exchange.journal)


def whole(exchange: Exchange) -> int:
    return len(_words(exchange))


def _words(exchange: Exchange) -> list[str]:
    steps = (exchange.scenario or {}).get("step", ())
    return [step["say"].strip() for step in steps if "say" in step]


def numbers(exchange: Exchange) -> str:
    return (
        f"the client got {emitted(exchange)}, the provider had written {generated(exchange)}, "
        f"the whole answer has {whole(exchange)}"
    )


@rule(
    "bill.failed-stream-not-estimated",
    Level.SHOULD,
    on="stream error",
    probes="bill.failed",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites="a provider that fails charges nothing it has not counted",
    bugs="QuantumNous/new-api#4168 QuantumNous/new-api#4199",
)
def a_failed_stream_is_not_estimated(exchange: Exchange) -> Iterator[Finding]:
    """A stream that the provider broke off without usage is not charged by an estimate."""
    bill = priced(exchange)
    if bill and (charged := (bill.input or 0) + (bill.output or 0)):
        yield Finding(f"{charged} tokens of a stream that failed without usage", where=WHERE)


@rule(
    "err.recorded-as-failure",
    Level.MUST,
    on="stream error",
    probes="bill.failed",
    needs="bill upstream",
    basis=Basis.POLICY,
    cites="who looks at the books takes what is not marked as failed for delivered",
    bugs="QuantumNous/new-api#6549 ding113/claude-code-hub#156",
)
def a_failed_stream_is_recorded_as_one(exchange: Exchange) -> Iterator[Finding]:
    """A stream that broke off, or in which the provider told of an error, is recorded as failed."""
    bill = priced(exchange)
    if bill and bill.failed is False:
        yield Finding(f"the status is {bill.status!r}, which is none of a failure", where=WHERE)
