"""Serves the reference router and all its variants under /NAME/v1, one process for all."""

import argparse
import json
import logging
import os
import socket
import sys

import uvicorn

from conformance.selfcheck.router.app import app
from conformance.selfcheck.router.values import Settings
from conformance.selfcheck.router.wire import Protocol
from conformance.selfcheck.routers import routers


def main(arguments: list[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    settings = Settings(
        upstream=args.upstream.rstrip("/"),
        keepalive=args.keepalive_ms / 1000,
        idle=args.idle_ms / 1000,
    )
    served = routers()
    try:
        listener = socket.create_server((args.host, args.port), backlog=2048)
    except OSError as error:
        print(f"serve: {args.host}:{args.port}: {error.strerror}", file=sys.stderr)
        return 4
    url = "http://{}:{}".format(*listener.getsockname())
    if args.print_json:
        told = {"url": url, "routers": list(served), "pid": os.getpid()}
        print(json.dumps(told), flush=True)
    else:
        print(f"reference router at {url}/reference/v1, upstream {settings.upstream}", flush=True)
    logging.basicConfig(level=logging.WARNING)
    config = uvicorn.Config(
        app(served, settings),
        http=Protocol,
        loop="auto",
        access_log=False,
        proxy_headers=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="conformance.selfcheck.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9200)
    parser.add_argument("--upstream", required=True, help="base URL of the provider, with /v1")
    parser.add_argument("--keepalive-ms", type=int, default=15_000)
    parser.add_argument("--idle-ms", type=int, default=60_000)
    parser.add_argument("--print-json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
