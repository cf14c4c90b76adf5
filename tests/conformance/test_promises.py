"""What named routers promise: nothing left out, nothing that is not so, and the page current."""

from collections import Counter
from pathlib import Path

import pytest

from conformance.manual.promises import Promise, complaints, main, page, promises
from conformance.profiles.grounds import ungrounded
from conformance.selfcheck.routers import promised

PAGE = Path(__file__).parents[2] / "docs" / "promises.md"

#: How many promises the documentation of each router holds.
COUNTS = {"FLX": 26, "FAI": 21, "ANY": 23, "ARO": 25}


@pytest.mark.parametrize("prefix", COUNTS)
def test_no_promise_is_left_out(prefix: str) -> None:
    ids = [promise.id for promise in promises() if promise.id.startswith(prefix)]

    assert sorted(ids) == [f"{prefix}-{number:02}" for number in range(1, COUNTS[prefix] + 1)]


def test_every_promise_is_of_a_router_that_is_counted() -> None:
    assert {promise.id.partition("-")[0] for promise in promises()} == set(COUNTS)
    assert set(Counter(promise.id for promise in promises()).values()) == {1}


@pytest.mark.parametrize("promise", promises(), ids=lambda promise: promise.id)
def test_a_promise_fits_rules_and_mutants(promise: Promise) -> None:
    assert list(complaints(promise)) == []


@pytest.mark.parametrize("router", sorted({promise.router for promise in promises()}))
def test_a_profile_says_on_what_grounds_it_promises(router: str) -> None:
    assert list(ungrounded(promised(router).grounds)) == []


WRONG: list[tuple[dict[str, tuple[str, ...] | str], list[str]]] = [
    ({"rules": ("done.absent",)}, ["done.absent is no rule", "no mutant shows done.absent"]),
    (
        {"rules": ("bill.stream-recorded",), "mutants": ("forgets_to_book_streams",)},
        ["bill.stream-recorded judges nothing: the profile declares no bill"],
    ),
    (
        {"rules": ("done.present",), "mutants": ("nobody", "drops_done", "doubles_done")},
        ["nobody is no mutant", "doubles_done breaks none of the rules"],
    ),
    (
        {"rules": ("gem.identity-stable",), "mutants": ("numbers_its_chunks",)},
        [
            "gem.identity-stable judges nothing that the router speaks",
            "numbers_its_chunks is one of gemini, which the router does not speak",
        ],
    ),
    ({"rules": ("done.present",)}, ["no mutant shows done.present"]),
    ({}, ["either rules check it, or there is a reason why none does"]),
    (
        {"rules": ("done.present",), "mutants": ("drops_done",), "why": "nobody looked"},
        ["either rules check it, or there is a reason why none does"],
    ),
    ({"why": "so", "sources": ()}, ["no source says so"]),
    ({"why": "so", "sources": ("hearsay",)}, ["hearsay is no source of the profile"]),
]


@pytest.mark.parametrize(("members", "said"), WRONG)
def test_what_does_not_fit_is_said(
    members: dict[str, tuple[str, ...] | str], said: list[str]
) -> None:
    told = {"sources": ("streaming",), **members}
    promise = Promise("X-01", "fluxrouter", "It is good", **told)  # type: ignore[arg-type]

    assert list(complaints(promise)) == said


def test_the_page_in_the_tree_is_current(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert PAGE.read_text("utf-8") == page(), "`make docs` writes it anew"

    assert main([str(tmp_path / "promises.md")]) == 0

    checked = sum(promise.checked for promise in promises())
    said = f"{len(promises())} promises, {checked} of them checked, in {tmp_path}/promises.md\n"
    assert (tmp_path / "promises.md").read_text("utf-8") == page()
    assert capsys.readouterr().out == said
