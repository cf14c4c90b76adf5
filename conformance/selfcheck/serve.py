"""Serves the reference router and all its variants under /NAME/v1, one process for all."""

import argparse
import gc
import json
import logging
import os
import re
import socket
import sys

import uvicorn

from conformance.parser import Parser
from conformance.selfcheck.router.app import app
from conformance.selfcheck.router.values import Settings
from conformance.selfcheck.router.wire import Protocol
from conformance.selfcheck.routers import routers

LAST_PORT = 65535


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    args = parser.parse_args(arguments)
    settings = Settings(
        args.upstream,
        keepalive=args.keepalive_ms,
        idle=args.idle_ms,
        second=args.second_upstream,
        rest=args.rest_ms,
    )
    served = routers()
    try:
        listener = socket.create_server((args.host, args.port), backlog=2048)
    except OSError as error:
        parser.error(f"--host {args.host} --port {args.port}: {error.strerror or error}")
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
    # Hundreds of routers stay as they are: nobody needs to look through them again.
    gc.freeze()
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser("conformance.selfcheck.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="(default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=_port, default=9200, help="0 takes a free one (default: 9200)"
    )
    parser.add_argument(
        "--upstream", type=_url, required=True, metavar="URL", help="the provider, with /v1"
    )
    parser.add_argument(
        "--second-upstream", type=_url, default="", metavar="URL",
        help="the provider that `fallback` and its variants ask when the first one fails",
    )  # fmt: skip
    parser.add_argument(
        "--keepalive-ms", type=_seconds, default=15.0, metavar="MS",
        help="silence after which a client gets a comment (default: 15000)",
    )  # fmt: skip
    parser.add_argument(
        "--idle-ms", type=_seconds, default=60.0, metavar="MS",
        help="silence after which the provider counts as dead (default: 60000)",
    )  # fmt: skip
    parser.add_argument(
        "--rest-ms", type=_seconds, default=30.0, metavar="MS",
        help="for how long a provider that has failed often is not asked first (default: 30000)",
    )  # fmt: skip
    parser.add_argument("--print-json", action="store_true", help="say as JSON where it listens")
    return parser


def _url(text: str) -> str:
    if text and not re.fullmatch(r"https?://[\w.\-\[\]:]+(/[^?#\s]*)?", text):
        right = "http://HOST:PORT/v1"
        raise argparse.ArgumentTypeError(f"{text!r} is no base URL; right would be {right}")
    return text.rstrip("/")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; a port is 0 to {LAST_PORT}")
    return int(text)


def _seconds(text: str) -> float:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}: a number of milliseconds above 0 is needed")
    return int(text) / 1000


if __name__ == "__main__":
    sys.exit(main())
