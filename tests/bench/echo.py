"""The least a server can do: what comes in on a socket goes out again."""

import socket
import sys


def main(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            peer, _ = listener.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with peer:
                while data := peer.recv(65536):
                    peer.sendall(data)


if __name__ == "__main__":
    main(int(sys.argv[1]))
