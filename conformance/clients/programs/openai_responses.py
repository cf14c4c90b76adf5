"""The loop of OpenAI's Python SDK over a Responses stream: its text deltas."""

from collections.abc import Iterator

from openai import OpenAI

from conformance.clients.programs.loop import loop


def texts(url: str, model: str, key: str) -> Iterator[str | None]:
    client = OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
    for event in client.responses.create(model=model, input="Hi", stream=True):
        if event.type == "response.output_text.delta":
            yield event.delta


loop(texts)
