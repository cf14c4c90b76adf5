"""A provider that answers each POST at once, with two events: python3 two_chunks.py [PORT].

It keeps connections. It needs Python 3 and nothing else.
"""  # noqa: INP001  (a program, no module)

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 9100


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        try:
            self.wfile.write(b"f\r\ndata: first\r\n\r\n\r\n")
            time.sleep(0.01)
            self.wfile.write(b"e\r\ndata: last\r\n\r\n\r\n0\r\n\r\n")
        except ConnectionError:
            print("whoever asked has left in the middle", flush=True)
            self.close_connection = True

    def log_message(self, *said: object) -> None:
        """Say nothing of thousands of requests."""


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else PORT
    ThreadingHTTPServer(("127.0.0.1", port), Provider).serve_forever()
