"""A provider that answers each POST with the bytes of a file: python3 provider.py ANSWER [PORT].

What it is asked is printed. It needs Python 3 and nothing else.
"""  # noqa: INP001  (a program, no module)

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = 9100


class Provider(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["content-length"]))
        print(self.requestline, self.headers, asked.decode(), sep="\n", flush=True)
        self.wfile.write(Path(sys.argv[1]).read_bytes())
        self.close_connection = True

    def log_message(self, *said: object) -> None:
        """Leave it to the lines above."""


if __name__ == "__main__":
    port = int(sys.argv[2]) if len(sys.argv) > 2 else PORT  # noqa: PLR2004  (the second argument)
    server = ThreadingHTTPServer(("127.0.0.1", port), Provider)
    print(f"provider on http://127.0.0.1:{server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()
