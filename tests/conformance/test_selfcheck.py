"""The self-check itself: its mutants, its legal variants, its command."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.exits import Exit
from conformance.rules import RULES
from conformance.selfcheck.check import check, main, selection
from conformance.selfcheck.legal import LEGAL
from conformance.selfcheck.matrix import complaints
from conformance.selfcheck.mutants import MODULES, MUTANTS
from conformance.selfcheck.observe import jobs
from conformance.selfcheck.reference import REFERENCE
from conformance.selfcheck.router.dialects.chat.dialect import CHAT, REPAIRS
from conformance.selfcheck.routers import GOOD, routers
from conformance.selfcheck.variant import BadVariant, Variant, collected, legal, mutant


def test_a_mutant_is_the_reference_but_for_one_part() -> None:
    @mutant("bytes_in", breaks="utf8.split-preserved sse.framing-valid")
    def reads_nothing(data: bytes, relay: object) -> bytes:
        """Reads nothing."""
        return b""

    assert reads_nothing == Variant(
        "bytes_in",
        reads_nothing.value,
        "Reads nothing.",
        frozenset({"utf8.split-preserved", "sse.framing-valid"}),
    )
    same = replace(reads_nothing.router(REFERENCE), bytes_in=REFERENCE.bytes_in)
    assert same == REFERENCE
    assert reads_nothing.router(REFERENCE).bytes_in is reads_nothing.value


def test_a_variant_may_replace_one_member_of_a_part() -> None:
    @legal("repairs", instead_of=REPAIRS[1])
    def identity(chunk: object, relay: object) -> object:
        """Keeps the chunk."""
        return chunk

    @legal("conversions", instead_of=("stream", "plain"))
    def refuses(relay: object, body: object) -> object:
        """Refuses."""
        return None

    kept = identity.router(REFERENCE).dialects["chat"].repairs
    assert kept == (REPAIRS[0], identity.value, *REPAIRS[2:])
    converted = refuses.router(REFERENCE).dialects["chat"].conversions
    assert converted == {**CHAT.conversions, ("stream", "plain"): refuses.value}


@pytest.mark.parametrize(
    ("part", "surface", "member", "said"),
    [
        ("evnets", "", None, "no part 'evnets'; there are admit, answer, "),
        ("repairs", "chat", print, "part 'repairs' has no member <built-in function print> to "),
        ("repairs", "chta", None, "no surface 'chta'; there are chat"),
        ("write", "", "x", "part 'write' has no member 'x' to replace"),
    ],
)
def test_a_variant_that_cannot_be_built_says_why(
    part: str, surface: str, member: object, said: str
) -> None:
    with pytest.raises(BadVariant) as caught:
        Variant(part, print, "", frozenset(), member, surface).router(REFERENCE)

    assert str(caught.value).startswith(said)


def test_a_variant_of_a_surface_leaves_the_others_as_they_are() -> None:
    @mutant("mode", breaks="http.answered")
    def of_chat(relay: object) -> str:
        """Streams."""
        return "stream"

    @mutant("write", surface="chat", breaks="sse.framing-valid")
    def of_all(item: object) -> bytes:
        """Writes nothing."""
        return b""

    built = of_chat.router(REFERENCE)
    assert replace(built, dialects=REFERENCE.dialects) == REFERENCE
    assert built.dialects["chat"].mode is of_chat.value
    same = replace(built.dialects["chat"], mode=CHAT.mode)
    assert {**built.dialects, "chat": same} == REFERENCE.dialects
    assert [of_chat.surface, of_all.surface] == ["chat", "chat"]


def test_every_variant_can_be_built_and_says_how_it_differs() -> None:
    assert set(routers()) == {*GOOD, *LEGAL, *MUTANTS}
    assert [name for name, each in {**LEGAL, **MUTANTS}.items() if not each.text] == []
    assert [name for name, each in MUTANTS.items() if not each.breaks] == []
    assert [name for name, each in LEGAL.items() if each.breaks] == []
    assert not LEGAL.keys() & MUTANTS.keys()


def test_no_two_modules_give_a_mutant_the_same_name() -> None:
    assert len(MUTANTS) == sum(len(collected(module)) for module in MODULES)


def test_every_rule_has_a_mutant_and_every_mutant_a_rule() -> None:
    named = frozenset().union(*(each.breaks for each in MUTANTS.values()))

    assert sorted(named ^ set(RULES)) == []


FEW = selection(["reference", "drops_done", "doubles_done", "ends_lines_with_crlf"], ["done.*"])


@pytest.fixture(scope="module")
def few() -> Callable[[dict[str, Variant]], list[str]]:
    """Return what the gate says of a few routers if their mutants name these rules."""
    matrix = check(FEW, list(jobs(FEW.routers, FEW.cases, "few")))

    def gate(changed: dict[str, Variant]) -> list[str]:
        told = replace(matrix, variants={**matrix.variants, **changed})
        return list(complaints(told, RULES, whole=False))

    return gate


@pytest.mark.slow
def test_real_routers_pass_the_gate(few: Callable[[dict[str, Variant]], list[str]]) -> None:
    assert few({}) == []


@pytest.mark.slow
def test_a_mutant_that_names_the_wrong_rule_fails_the_gate(
    few: Callable[[dict[str, Variant]], list[str]],
) -> None:
    wrong = replace(MUTANTS["drops_done"], breaks=frozenset({"done.exactly-once"}))
    first, *others = few({"drops_done": wrong})

    assert first == "drops_done: done.exactly-once does not object"
    assert others
    assert all(other.startswith("drops_done: done.present[chat-") for other in others)


@pytest.mark.slow
def test_the_command_prints_the_matrix_and_writes_it_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "matrix.json"
    code = main(["--only", "drops_done", "--rule", "done.present", "--json", str(file)])

    out = capsys.readouterr().out.split("\n")
    assert code == Exit.CONFORMANT
    assert out[3:5] == ["done.present  X", "   1 drops_done"]
    assert out[-2].startswith("1 rules, 1 routers, ")
    assert out[-2].endswith(": no complaints")
    assert json.loads(file.read_text())["variants"]["drops_done"]["told"] == ["done.present"]


NO_RULE = "selfcheck: no rule, family, probe or case 'done.persent'; did you mean 'done.present'?\n"


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--only", "nobody"], Exit.EMPTY, "selfcheck: no router matches nobody\n"),
        (
            ["--rule", "done.persent"],
            Exit.USAGE,
            NO_RULE,
        ),
        (
            ["--only", "reference", "--rule", "done.present", "--json", "/no/such/file"],
            Exit.USAGE,
            "selfcheck: --json /no/such/file: No such file or directory\n",
        ),
    ],
)
def test_a_wrong_selection_is_one_clear_line(
    args: list[str], code: Exit, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(args) == code
    assert capsys.readouterr().err == said


def test_the_mutants_in_the_documentation_can_be_built() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "selfcheck.md").read_text("utf-8")
    told: dict[str, object] = {}
    for block in page.split("```python\n")[1:]:
        exec(block.partition("```")[0], told)  # noqa: S102  (our own page)
    shown = {name: each for name, each in told.items() if isinstance(each, Variant)}

    assert len(shown) == page.count("@mutant(")
    assert all(each.breaks <= set(RULES) and each.text for each in shown.values())
    assert [each.router(REFERENCE) == REFERENCE for each in shown.values()] == [False] * len(shown)
