"""Tool calls: as OpenAI streams them, and as other vendors do."""

from conformance.exchange import Json
from conformance.probes.probe import EVERYWHERE, Probe, Send

CITY: Json = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
ZONE: Json = {"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]}
LIST: Json = {"type": "array", "items": {"type": "number"}}
# Some routers refuse a schema without properties, and then nothing is to be seen of the answer.
NUMBERS: Json = {"type": "object", "properties": {"numbers": LIST}, "required": ["numbers"]}


def function(name: str, description: str, parameters: Json) -> Json:
    told = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": told}


TOOLS: Json = {
    "tools": [
        function("get_weather", "Tell the weather in a city.", CITY),
        function("get_time", "Tell the time in a zone.", ZONE),
    ]
}
ADD: Json = {"tools": [function("add", "Add numbers.", NUMBERS)]}


def habit(**habits: Json) -> Send:
    """Return a request whose provider has these ways of sending calls."""
    return Send(ask=TOOLS, change={"chat": habits})


def fragments(*pieces: str) -> Send:
    """Return a request whose provider sends the arguments of a call in these pieces."""
    call = {"id": "call_weather09", "name": "get_weather", "arguments": list(pieces)}
    return Send(ask=TOOLS, change={"step": [{"call": call}, {"finish": "tool_calls"}]})


ODD_TEXT = '{"city":"Sankt Gallen \\"\\u00df\\" \\\\ \\n 木蘭 🌿"}'

PROBES = (
    Probe(
        "tool-call",
        "healthy tools",
        "tool-call",
        {"stream": Send(ask=TOOLS)},
        question="What is the weather in Rome? Use the tool get_weather.",
        surfaces=EVERYWHERE,
    ),
    Probe(
        "tools-parallel",
        "healthy tools",
        "tools-parallel",
        {"stream": Send(ask=TOOLS)},
        question="In one turn call get_weather for Rome and get_time for the zone CET.",
        surfaces=EVERYWHERE,
    ),
    Probe(
        "tool-arguments",
        "tool.args-reassemble",
        "tool-call",
        {
            "characters": fragments(*'{"city":"Rome"}'),
            "escapes": fragments(*ODD_TEXT),
            "none": fragments("{}"),
            "whole": habit(tool_arguments="whole"),
            "first-piece": habit(tool_arguments="first-piece"),
            "value": habit(tool_arguments="object"),
        },
        surfaces="chat responses",
    ),
    Probe(
        "tool-index-absent",
        "tool.index-absent-tolerated",
        "tools-parallel",
        {
            "absent": habit(tool_index="absent", tool_arguments="whole"),
            "null": habit(tool_index="null", tool_arguments="whole"),
            "minus-one": habit(tool_index="minus-one", tool_arguments="whole"),
            "fragments": habit(tool_index="absent"),
        },
    ),
    Probe(
        "tool-empty-id",
        "tool.empty-id-continuation",
        "tools-parallel",
        {"empty": habit(tool_later="empty"), "null": habit(tool_later="null")},
    ),
    Probe(
        "tool-in-finish",
        "tool.args-on-done-only",
        "tool-in-finish",
        {"stream": Send(ask=TOOLS)},
        surfaces="chat gemini",
    ),
    Probe(
        "tool-beside-text",
        "tool.text-and-tool-same-chunk",
        "tool-beside-text",
        {"stream": Send(ask=TOOLS)},
        surfaces="chat gemini",
    ),
    Probe(
        "tools-interleaved",
        "tool.interleaved-fragments",
        "tools-interleaved",
        {"stream": Send(ask=TOOLS)},
        surfaces="chat responses messages",
    ),
)
