"""The text stream of Anthropic's Python SDK."""

from collections.abc import Iterator

from anthropic import Anthropic

from conformance.clients.programs.loop import loop


def texts(url: str, model: str, key: str) -> Iterator[str | None]:
    client = Anthropic(base_url=url, api_key=key, max_retries=0)
    with client.messages.stream(
        model=model, max_tokens=1024, messages=[{"role": "user", "content": "Hi"}]
    ) as stream:
        yield from stream.text_stream


loop(texts)
