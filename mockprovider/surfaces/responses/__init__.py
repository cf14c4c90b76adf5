"""OpenAI's Responses."""

import re

from mockprovider.surfaces import openai
from mockprovider.surfaces.responses import reading, stream
from mockprovider.surfaces.surface import Route, Surface

SURFACE = Surface(
    name="responses",
    routes=(Route("POST", re.compile(r"(?:/v1)?/responses")),),
    credential=openai.bearer,
    read=reading.read,
    head=openai.head,
    stream=stream.stream,
    plain=stream.plain,
    envelope=openai.envelope,
)
