"""Recorded answers: their format, where they come from, and what is taken out of them."""
