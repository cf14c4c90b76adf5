"""Runs client programs against answers that were captured and says who can read them."""

import asyncio
import importlib.util
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from conformance.drive.launch import python
from conformance.drive.playing import playing
from conformance.exchange import Exchange, Json
from conformance.protocols import read

PROGRAMS_DIRECTORY = Path(__file__).parent / "programs"
SECONDS = 60.0  # that a program may take over all it is given
MOST = 40  # answers a program is given


@dataclass(frozen=True, slots=True)
class Program:
    """A client as the pages of routers print it; `needs` is the module or package it is for."""

    title: str
    kind: str  # of exchange
    file: str
    needs: str


PROGRAMS = (
    Program("OpenAI Python SDK, choices[0]", "chat.stream", "openai_chat.py", "openai"),
    Program("OpenAI Node SDK, choices[0]?.delta", "chat.stream", "openai_chat.mjs", "openai"),
    Program("OpenAI Python SDK, Responses", "responses.stream", "openai_responses.py", "openai"),
    Program("Anthropic Python SDK, text_stream", "messages.stream", "anthropic_messages.py",
            "anthropic"),
    Program("Google Gen AI Python SDK", "gemini.stream", "gemini.py", "google.genai"),
    Program("google-generativeai over REST", "gemini.array", "gemini_rest.py",
            "google.generativeai"),
)  # fmt: skip


class Question(NamedTuple):
    """Whom a program asks: the URL is the base that the SDK's own paths come behind."""

    url: str
    model: str = "mock-model"
    key: str = "sk-none"


class Use(NamedTuple):
    """What came of a program: how many answers it was given, how many it read, and the rest."""

    program: Program
    given: int
    read: int
    trouble: tuple[str, ...] = ()
    missing: str = ""  # why it was not asked


def readable(exchange: Exchange) -> bool:
    """Whether one of these programs would have asked so, and for that: text and no usage."""
    choices = (
        read.scripted(exchange).choices if exchange.scenario else read.outcome(exchange).choices
    )
    text = len(choices) == 1 and choices[0].text and not choices[0].calls
    return bool(text) and not exchange.asked("stream_options", "include_usage")


async def uses(named: Mapping[str, Exchange]) -> list[Use]:
    """Let every program that is installed read the answers that are of its kind."""
    return [await _use(program, named) for program in PROGRAMS]


async def _use(program: Program, named: Mapping[str, Exchange]) -> Use:
    chosen = {
        name: each for name, each in named.items() if each.kind == program.kind and readable(each)
    }
    chosen = dict(list(chosen.items())[:MOST])
    if not chosen:
        return Use(program, 0, 0, missing="no such answer was asked for")
    if missing := _missing(program):
        return Use(program, len(chosen), 0, missing=missing)
    async with playing(list(chosen.values())) as urls:
        told = await answers(program, [Question(url) for url in urls])
    trouble = tuple(
        f"{name}: {what}"
        for (name, exchange), line in zip(chosen.items(), told, strict=True)
        if (what := _wrong(exchange, line))
    )
    return Use(program, len(chosen), len(chosen) - len(trouble), trouble)


def _missing(program: Program) -> str:
    if program.file.endswith(".mjs"):
        found = shutil.which("node") and _node_packages(program.needs)
        return "" if found else f"node and its package {program.needs} are not installed"
    parent = program.needs.partition(".")[0]
    if importlib.util.find_spec(parent) and importlib.util.find_spec(program.needs):
        return ""
    return f"the module {program.needs} is not installed"


def _node_packages(name: str) -> Path | None:
    """Return the directory in which Node has a package: above here, or one of NODE_PATH."""
    here = Path.cwd()
    beside = [each / "node_modules" for each in (here, *here.parents)]
    told = [Path(each) for each in os.environ.get("NODE_PATH", "").split(os.pathsep) if each]
    return next((each for each in (*told, *beside) if (each / name).is_dir()), None)


async def answers(program: Program, asked: Sequence[Question]) -> list[Json]:
    """Return a line for each question; what a program did not get to say is an error."""
    questions = "".join(json.dumps(each._asdict()) + "\n" for each in asked)
    process = await asyncio.create_subprocess_exec(
        *_command(program), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(SECONDS):
            out, err = await process.communicate(questions.encode())
    except TimeoutError:
        process.kill()
        out, err = await process.communicate()
        err = f"it took longer than {SECONDS:g} s".encode()
    # Not splitlines(): an answer says U+2028, which ends no line. Nor is the last one whole if the
    # program was ended in the middle of it.
    lines = [json.loads(line) for line in out.decode(errors="replace").split("\n")[:-1]]
    said = (err.decode(errors="replace").strip().split("\n") or [""])[-1]
    return [*lines, *({"text": "", "error": f"it ended: {said}"} for _ in asked[len(lines) :])]


def _command(program: Program) -> list[str]:
    if program.file.endswith(".mjs"):
        packages = f"{_node_packages(program.needs)}/"
        return ["node", str(PROGRAMS_DIRECTORY / program.file), packages]
    return python(f"conformance.clients.programs.{program.file.removesuffix('.py')}")


def _wrong(exchange: Exchange, line: Json) -> str:
    if line["error"]:
        return str(line["error"])
    told = read.outcome(exchange).choices
    due = told[0].text if told else ""
    return "" if line["text"] == due else f"read {line['text']!r} where {due!r} was sent"
