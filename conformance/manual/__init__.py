"""The rules as a manual: one page per family, written from the rules themselves."""
