"""A scriptable LLM provider: scenarios in, bytes on the wire and a journal out."""

__version__ = "0.1.0"
