"""What a mutant is asked for in a self-check that has to be quick."""

from dataclasses import replace

import pytest

from conformance.exchange import SURFACES
from conformance.plan import Case, cases
from conformance.probes import PROBES
from conformance.rules import RULES
from conformance.selfcheck.mutants import MUTANTS
from conformance.selfcheck.observe import Job, jobs
from conformance.selfcheck.routers import ASKED, VARIANTS
from conformance.selfcheck.share import SHARE, asked, loaded, shared, shows
from conformance.selfcheck.variant import Variant

TRIALS: dict[tuple[str, str], list[Case]] = {}
for each in cases(RULES.values(), PROBES.values()):
    TRIALS.setdefault(each.trial, []).append(each)
HEAVY = [judging for judging in TRIALS.values() if judging[0].probe.heavy]
LOADED = [judging for judging in TRIALS.values() if loaded(judging)]
LIGHT = [judging for judging in TRIALS.values() if not judging[0].probe.heavy]


def wrong(rule: str, surface: str = "") -> Variant:
    return Variant("write", print, "Is wrong.", frozenset({rule}), surface=surface)


def patient(judging: list[Case]) -> bool:
    return bool(judging[0].probe.patient)


def plain(judging: list[Case]) -> bool:
    return not (patient(judging) or loaded(judging))


def share(name: str, variant: Variant | None) -> list[list[Case]]:
    return [judging for judging in TRIALS.values() if asked(name, variant, judging)]


def test_the_reference_is_asked_everything_and_a_legal_variant_all_that_is_quick() -> None:
    legal = next(variant for variant in VARIANTS.values() if not variant.breaks)

    assert share("reference", None) == list(TRIALS.values())
    got = share("legal", legal)
    assert [judging for judging in got if plain(judging)] == [
        judging for judging in TRIALS.values() if plain(judging)
    ]


def test_where_each_byte_is_waited_for_a_sound_router_is_asked_on_one_surface() -> None:
    legal = Variant("write", print, "Is odd.")
    named = wrong("sse.split-reads")

    got = [share(f"legal-{number}", legal) for number in range(20)]
    surfaces = [{each[0].surface for each in one if patient(each)} for one in got]
    assert {len(each) for each in surfaces} == {1}
    assert set.union(*surfaces) == set(SURFACES)
    asked_of_it = [each for each in share("cut", named) if patient(each)]
    assert {each[0].surface for each in asked_of_it} == set(SURFACES)


def test_what_is_about_load_is_asked_of_whom_it_is_about_and_of_some_legal_variants() -> None:
    legal = next(variant for variant in VARIANTS.values() if not variant.breaks)
    got = [share(f"legal-{number}", legal) for number in range(5 * SHARE)]

    assert all(any(judging in each for each in got) for judging in LOADED)
    assert not any(judging in share("family", wrong("load.x")) for judging in LOADED)
    assert any(judging in share("rule", wrong("load.unbounded-event")) for judging in LOADED)


def test_a_mutant_is_asked_whatever_its_rules_judge() -> None:
    got = share("short", wrong("sse.long-line"))

    named = [judging for judging in TRIALS.values()
             if any(case.rule.id == "sse.long-line" for case in judging)]  # fmt: skip
    assert named
    assert all(judging in got for judging in named)


def test_what_is_heavy_is_asked_of_mutants_of_its_family() -> None:
    framing, cancelling = share("short", wrong("sse.long-line")), share("deaf", wrong("cancel.x"))

    for got, family in ((framing, "sse"), (cancelling, "cancel")):
        assert [judging for judging in got if judging in HEAVY and not patient(judging)] == [
            judging for judging in HEAVY
            if any(case.rule.family == family for case in judging) and not patient(judging)
        ]  # fmt: skip


def test_a_mutant_of_one_surface_is_asked_all_that_is_light_there() -> None:
    got = share("stopless", wrong("done.present", "messages"))

    mine = [judging for judging in LIGHT if judging[0].surface == "messages"]
    assert all(judging in got for judging in mine)


def test_mutants_of_all_surfaces_are_asked_everything_between_them() -> None:
    away = [judging for judging in LIGHT if judging[0].surface != "chat"]
    shares = [share(f"mutant-{number}", wrong("done.present")) for number in range(20 * SHARE)]

    assert all(any(judging in got for got in shares) for judging in away)
    assert len({len(got) for got in shares}) > 1
    assert all(len(got) < len(LIGHT) for got in shares)


def test_a_router_that_plays_another_is_asked_by_what_promises_show() -> None:
    showing = [judging for judging in TRIALS.values() if shows(judging[0].probe)]
    mutant = replace(wrong("hdr.declared"), of="fluxrouter")

    assert showing
    assert share("stubborn", mutant) == showing
    assert all(judging in share("fluxrouter", None) for judging in showing)
    assert len(share("fluxrouter", None)) < len(TRIALS) / 2


def test_a_mutant_of_one_is_asked_what_its_rules_judge_nowhere_else() -> None:
    mutant = replace(wrong("pre.retry-after-forwarded"), of="fluxrouter")

    judged = {judging[0].probe.id for judging in share("hasty", mutant)}
    assert {"retry-after-seconds", "retry-after-date", "text"} <= judged
    assert len(judged) < len(PROBES) / 4


@pytest.mark.slow
def test_every_rule_judges_a_mutant_where_it_is_at_home() -> None:
    everything = list(jobs(ASKED, list(cases(RULES.values(), PROBES.values())), "r"))
    got = shared(everything)

    def judged(work: list[Job]) -> set[tuple[str, str]]:
        return {
            (job.router, case.rule.id)
            for job in work
            if (variant := VARIANTS.get(job.router)) and variant.breaks and not variant.of
            if job.cases[0].surface == (variant.surface or "chat")
            for case in job.cases
            if not case.probe.heavy
        }

    assert judged(got) == judged(everything)
    asked_of_mutants = {job.cases[0].trial for job in got if job.router in MUTANTS}
    light = {judging[0].trial for judging in LIGHT}
    assert asked_of_mutants >= light & {job.cases[0].trial for job in everything}
    assert len(got) < 0.9 * sum(
        asked(j.router, VARIANTS.get(j.router), j.cases) for j in everything
    )
