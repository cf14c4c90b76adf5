"""How often each nonce was asked, counted by several processes together."""

import fcntl
import mmap
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

# A set of ways is a list of (key, count), the latest first; the oldest makes room.
WAYS = 8
SETS = 1 << 15
SET = struct.Struct(f"={2 * WAYS}Q")


class Attempts:
    """A table in memory that is inherited by fork; each set of it is locked by itself."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (it lives as long as the process)
        self._file.truncate(SETS * SET.size)
        self._table = mmap.mmap(self._file.fileno(), SETS * SET.size)

    def close(self) -> None:
        self._table.close()
        self._file.close()

    def count(self, nonce: str) -> int:
        """Return the number of this attempt of a nonce."""
        with self._set(nonce) as (key, pairs):
            number = pairs.pop(key, 0) + 1
            pairs[key] = number
        return number

    def so_far(self, nonce: str) -> int:
        """Return the number of the last attempt of a nonce, 0 if there was none."""
        with self._set(nonce) as (key, pairs):
            return pairs.get(key, 0)

    def forget(self, nonce: str) -> None:
        """Begin again with a nonce."""
        with self._set(nonce) as (key, pairs):
            pairs.pop(key, None)

    @contextmanager
    def _set(self, nonce: str) -> Iterator[tuple[int, dict[int, int]]]:
        """Give a nonce's key and the pairs of its set, the oldest first; keep the newest."""
        digest = blake2b(nonce.encode(), digest_size=12).digest()
        key = int.from_bytes(digest[:8], "little") or 1
        at = int.from_bytes(digest[8:], "little") % SETS * SET.size
        # A lock of the process, not of the thread: it is gone when its owner dies.
        fcntl.lockf(self._file, fcntl.LOCK_EX, SET.size, at)
        try:
            row = SET.unpack_from(self._table, at)
            pairs = {row[i]: row[i + 1] for i in range(2 * WAYS - 2, -1, -2) if row[i]}
            yield key, pairs
            latest = [number for pair in reversed(pairs.items()) for number in pair][: 2 * WAYS]
            SET.pack_into(self._table, at, *latest, *[0] * (2 * WAYS - len(latest)))
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, SET.size, at)
