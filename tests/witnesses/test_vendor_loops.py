"""The client loops that routers' pages print, run against the routers that keep those promises."""

import asyncio
import shutil
from collections.abc import Iterator

import pytest

from conformance.clients.trying import PROGRAMS, Program, Question, answers
from conformance.selfcheck.emulations import EMULATIONS
from conformance.selfcheck.routers import promised, reached
from conformance.selfcheck.servers import Servers, servers
from tests.witnesses.conftest import NODE, installed

SAID = "You said: Hi"  # by the mock, where nobody asks for anything else
#: What the SDKs put behind the URL they are given.
PATHS = {"chat": "/v1", "responses": "/v1", "messages": "/v1", "gemini": "/v1beta"}


@pytest.fixture(scope="module")
def started() -> Iterator[Servers]:
    with servers() as running:
        yield running


#: Which loops the pages of each router print; those of one language stand for others like it.
PRINTED = {
    "fluxrouter": {"openai_chat.py", "openai_chat.mjs", "anthropic_messages.py"},
    "flexai": {"openai_chat.py"},
    "anyrouter": {"openai_chat.py", "openai_chat.mjs"},
    "arouter": {"openai_chat.py", "openai_chat.mjs", "anthropic_messages.py", "gemini_rest.py"},
}
NOT_PRINTED = [each for each in PROGRAMS if not any(each.file in told for told in PRINTED.values())]


@pytest.mark.parametrize("program", PROGRAMS, ids=[program.file for program in PROGRAMS])
def test_the_loop_of_a_page_reads_what_such_routers_stream(
    program: Program, started: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    if program.file.endswith(".mjs"):
        if not shutil.which("npm"):
            pytest.skip("node and npm are not installed, so the official Node SDKs cannot be asked")
        installed(program.needs)
        monkeypatch.setenv("NODE_PATH", str(NODE / "node_modules"))
    routers = [name for name in EMULATIONS if offers(name, program)]
    told = asyncio.run(answers(program, [asked(started, name, program) for name in routers]))

    assert dict(zip(routers, told, strict=True)) == {
        name: {"text": SAID, "error": ""} for name in routers
    }


def test_a_router_that_takes_x_api_key_alone_refuses_the_sdk_of_today(started: Servers) -> None:
    """Its page asks for that header; Anthropic's SDK has come to send a bearer."""
    program = next(each for each in PROGRAMS if each.file == "anthropic_messages.py")

    (told,) = asyncio.run(answers(program, [asked(started, "anyrouter", program)]))

    assert told["error"].startswith("AuthenticationError: Error code: 401")


def offers(router: str, program: Program) -> bool:
    """Whether a router's pages print the loop, or it has the surface where no page prints it."""
    if program in NOT_PRINTED:
        return surface(program) in promised(router).surfaces
    return program.file in PRINTED.get(router, PRINTED["arouter"])


def surface(program: Program) -> str:
    return program.kind.partition(".")[0]


def asked(started: Servers, router: str, program: Program) -> Question:
    target = reached(started.routers_url, router)
    url = target.base(surface(program)).removesuffix(PATHS[surface(program)])
    return Question(url, target.model, target.key)
