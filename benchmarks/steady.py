"""An open-loop load generator: `python steady.py PORT RATE SECONDS CONNECTIONS` prints JSON.

Requests are due at fixed times, whatever the server does, and a latency counts from when its request
was due and not from when it could be sent. A generator that waits for the server to answer before it
asks again does not notice the requests that it should have sent while the server was busy
("coordinated omission"), and those are the slow ones.

It asks without pause whether something has come (a timer would be a millisecond late), so it needs a
core for itself.
"""

from __future__ import annotations

import gc
import json
import select
import socket
import sys
from collections import deque
from time import perf_counter

REQUEST = b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
WARM_UP = 0.1  # of all requests, which come before those that are counted
PATIENCE = 10.0


class Client:
    """A connection with at most one request under way; the others wait behind it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due: deque[float] = deque()
        self.size = self.unread = self.first_answer()

    def first_answer(self) -> int:
        """Ask once and return the size of the answer: all have the same."""
        self.socket.sendall(REQUEST)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.socket.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields[b"content-length"])
        if not head.startswith(b"HTTP/1.1 200 ") or len(body) > length:
            message = f"not one answer with status 200: {data!r}"
            raise ValueError(message)
        while len(body) < length:
            body += self.socket.recv(65536)
        return len(head) + 4 + length

    def send(self) -> None:
        """Send the next request."""
        self.unread = self.size
        self.socket.sendall(REQUEST)

    def is_answered(self) -> bool:
        """Read, and tell whether the answer is complete."""
        data = self.socket.recv(65536)
        if self.unread == self.size and not data.startswith(b"HTTP/1.1 200 "):
            message = f"an answer that is not 200, or the end: {data[:200]!r}"
            raise ValueError(message)
        self.unread -= len(data)
        return not self.unread


def latencies(port: int, rate: int, seconds: float, connections: int) -> list[float]:
    """Send requests at a rate and return how long each took, in seconds, in the order of the ends."""
    clients = [Client(port) for _ in range(connections)]
    by_number = {client.socket.fileno(): client for client in clients}
    poll = select.epoll()
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    total = max(connections, round(rate * seconds))
    found: list[float] = []
    sent = 0
    begin = perf_counter() + 0.01
    while len(found) < total:
        now = perf_counter()
        while sent < total and now >= (due := begin + sent / rate):
            client = clients[sent % connections]
            client.due.append(due)
            if len(client.due) == 1:
                client.send()
            sent += 1
        for number, _ in poll.poll(0):
            client = by_number[number]
            if client.is_answered():
                found.append(perf_counter() - client.due.popleft())
                if client.due:
                    client.send()
        if now > begin + seconds + PATIENCE:
            message = f"{total - len(found)} of {total} requests were not answered in time"
            raise TimeoutError(message)
    return found


def percentile(values: list[float], share: float) -> float:
    """Return the smallest value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main(port: int, rate: int, seconds: float, connections: int) -> None:
    """Measure and print."""
    gc.disable()  # its pauses would count as the server's
    all_of_them = latencies(port, rate, seconds, connections)
    counted = all_of_them[int(len(all_of_them) * WARM_UP) :]
    result = {"requests": len(all_of_them)} | {
        name: 1000 * percentile(counted, share) for name, share in (("p50", 0.5), ("p99", 0.99))
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
