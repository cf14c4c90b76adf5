"""The other end of a connection, as far as the kernel tells: what has arrived, what is read.

Linux tells of our own socket what was sent and acknowledged (tcp(7), TCP_INFO), and of every socket
of the same host how much its program has not read yet (sock_diag(7)).
"""

import socket
import struct

BY_FAMILY = 20
ERROR = 2
REQUEST = 1
ALL_STATES = 0xFFFFFFFF
NO_COOKIE = 0xFFFFFFFF
HEADER = struct.Struct("=IHHII")
# family, protocol, extensions, padding, states; ports and addresses; interface and cookie.
QUESTION = struct.Struct("=BBBxI 4s 16s16s III")
# The queue of unread bytes comes after the header, family, state, timers and the socket's name.
STATE_AT = HEADER.size + 1
UNREAD = struct.Struct("=I")
UNREAD_AT = HEADER.size + 4 + 48 + 4
# In struct tcp_info: the state, bytes acknowledged; bytes sent, and sent once more.
STATE, ESTABLISHED, CLOSED = 0, 1, 7
ACKED = struct.Struct("=120xQ")
SENT = struct.Struct("=200xQQ")
INFO_SIZE = SENT.size


class Peer:
    """The socket at the other end of one of ours, and what of ours is asked for often."""

    __slots__ = ("_asking", "_netlink", "_question", "fd", "handed", "near", "ours")

    def __init__(self, ours: socket.socket) -> None:
        self.ours, self.fd = ours, ours.fileno()
        self._netlink: socket.socket | None = None
        self._question = b""
        self.handed = 0
        try:
            self.near = ours.getsockname()[0] == ours.getpeername()[0]
        except OSError:  # it has gone already
            self.near = False
        self._asking = self.near

    def missing(self) -> int | None:
        """Count the bytes handed to the connection that have not arrived, if that can be known.

        On one host what is sent has arrived; over a network only what is acknowledged has.
        """
        info = self._info()
        if len(info) < INFO_SIZE:
            return None
        sent, again = SENT.unpack_from(info)
        arrived: int = sent - again if self.near else ACKED.unpack_from(info)[0]
        # A FIN counts as a byte that is acknowledged.
        return max(self.handed - arrived, 0)

    def gone(self) -> bool:
        """Tell whether the kernel has seen RST."""
        info = self._info()
        return not info or info[STATE] == CLOSED

    def leaving(self) -> bool:
        """Tell whether either end of the connection is no longer open."""
        info = self._info()
        return not info or info[STATE] != ESTABLISHED or self._state_there() != ESTABLISHED

    def _info(self) -> bytes:
        try:
            return self.ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_SIZE)
        except OSError:
            return b""

    def unread(self) -> int | None:
        """Count the bytes it has received and not read; None if that cannot be known."""
        answer = self._asked()
        return int(UNREAD.unpack_from(answer, UNREAD_AT)[0]) if answer else None

    def close(self) -> None:
        if self._netlink is not None:
            self._netlink.close()

    def _state_there(self) -> int:
        answer = self._asked()
        if not answer:
            return CLOSED if self._asking else ESTABLISHED
        return answer[STATE_AT]

    def _asked(self) -> bytes:
        """Return what the kernel tells of the other socket; nothing if there is none."""
        if not self._asking:
            return b""
        try:
            self._question = self._question or question(self.ours)
            answer = self._ask(self._question)
        except OSError:
            self._asking = False
            return b""
        return b"" if HEADER.unpack_from(answer)[1] == ERROR else answer

    def _ask(self, question: bytes) -> bytes:
        if self._netlink is None:
            # Not on every platform: it has no such families then.
            family, protocol = getattr(socket, "AF_NETLINK", -1), 4
            self._netlink = socket.socket(family, socket.SOCK_RAW, protocol)
        self._netlink.send(question)
        return self._netlink.recv(4096)


def question(ours: socket.socket) -> bytes:
    """Name the socket at the other end: our names, the other way round."""
    names = ours.getpeername()[:2], ours.getsockname()[:2]
    ports = struct.pack("!HH", *(port for _, port in names))
    addresses = (socket.inet_pton(ours.family, host).ljust(16, b"\0") for host, _ in names)
    question = QUESTION.pack(
        ours.family, socket.IPPROTO_TCP, 0, ALL_STATES, ports, *addresses, 0, NO_COOKIE, NO_COOKIE
    )
    return HEADER.pack(HEADER.size + len(question), BY_FAMILY, REQUEST, 1, 0) + question
