"""A router for OpenAI's chat surface, built from parts that can be replaced one by one.

It is written on its own and shares no reader, no grammar and no code with the judge.
"""
