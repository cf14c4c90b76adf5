"""Bytes to events and values, with the place of everything; no network, no opinion."""
