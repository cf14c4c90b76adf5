"""Real routers: how each is installed, started, pointed at the mock, and judged."""
