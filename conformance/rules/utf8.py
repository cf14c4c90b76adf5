"""Characters of several bytes that the provider's writes cut in two."""

from collections.abc import Iterator

from conformance.exchange import Trial
from conformance.findings import Basis, Finding, Level
from conformance.rules.invariance import departures
from conformance.rules.rule import comparison


@comparison(
    "utf8.split-preserved",
    Level.MUST,
    on="stream",
    probes="utf8.split-preserved",
    basis=Basis.STANDARD,
    cites="WHATWG HTML 9.2.6: the stream is decoded as UTF-8, not each read of it; "
    "RFC 9112 7.1: the borders of HTTP chunks have no meaning",
    bugs="api7/aisix#111 xberg-io/liter-llm#152 katanemo/plano#980 ggml-org/llama.cpp#28926",
)
def characters_survive_the_cut(trial: Trial) -> Iterator[Finding]:
    """A character of 2, 3 or 4 bytes cut by the provider's writes arrives whole.

    In text, in tool arguments, and as a leading byte order mark: no U+FFFD takes its place, and
    the stream goes on. The same answer in ASCII, cut alike, is the control: who cannot read that
    has another defect.
    """
    given = {name: "ascii" for name in trial.exchanges if name.startswith("after")}
    yield from departures(trial, given={**given, "bom.cut": "ascii bom"})
