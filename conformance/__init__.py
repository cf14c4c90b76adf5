"""Judges what an LLM router makes of the streams it forwards."""
