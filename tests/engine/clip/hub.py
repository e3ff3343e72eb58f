"""A hub on this machine: the routes that huggingface_hub asks for, over real HTTP."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_CHUNK = 1 << 16


@dataclass
class Hub:
    """What is served, how it misbehaves, and what was asked."""

    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    url: str = ""
    cut_after: int = 0
    """Close each connection after that many bytes of a file; 0 never."""
    cuts_left: int = 0
    """How often to do so."""
    pause: float = 0.0
    """Seconds between chunks."""
    stall_after: int = 0
    """Send nothing more after that many bytes of a file, but keep the connection; 0 never."""
    ranges: bool = True
    """Whether a Range request is honoured."""
    wrong_bytes: bool = False
    """Send another content than the one whose hash is told."""
    gets: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range header of every GET of a file."""
    closing: threading.Event = field(default_factory=threading.Event)

    def file_gets(self, name: str) -> list[str]:
        """The Range headers of the GETs of a file, in order."""
        return [wanted for path, wanted in self.gets if path.endswith(name)]


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.path.partition("?")[0]
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(/revision/[^/]+)?", path):
            self._listing(found[1])
        elif found := re.fullmatch(r"/(.+?/.+?)/resolve/([^/]+)/(.+)", self.path):
            self._file(found[1], found[3], body)
        else:
            self._refuse("EntryNotFound")

    def _listing(self, repository: str) -> None:
        files = self.hub.repositories.get(repository)
        if files is None:
            self._refuse("RepoNotFound")
            return
        content = {
            "id": repository,
            "modelId": repository,
            "sha": COMMIT,
            "private": False,
            "tags": [],
            "downloads": 0,
            "siblings": [{"rfilename": name} for name in files],
        }
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _file(self, repository: str, name: str, body: bool) -> None:
        content = self.hub.repositories.get(repository, {}).get(name)
        if content is None:
            self._refuse("EntryNotFound" if repository in self.hub.repositories else "RepoNotFound")
            return
        digest = hashlib.sha256(content).hexdigest()
        headers = {"ETag": f'"{digest}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        wanted = self.headers.get("Range", "")
        if body:
            self.hub.gets.append((self.path, wanted))
        if self.hub.wrong_bytes:
            content = bytes(len(content))
        status, start = 200, 0
        if wanted and self.hub.ranges:
            status, start = 206, int(wanted.removeprefix("bytes=").partition("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._send(status, content[start:], headers, body)

    def _refuse(self, code: str) -> None:
        self._send(404, b"", {"X-Error-Code": code, "X-Error-Message": code, "X-Repo-Commit": COMMIT})

    def _send(self, status: int, content: bytes, headers: dict[str, str], body: bool = True) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if not body or self.command == "HEAD":
            return
        hub, sent = self.hub, 0
        large = len(content) > 10_000
        for start in range(0, len(content), _CHUNK):
            if large and hub.cut_after and hub.cuts_left and sent >= hub.cut_after:
                hub.cuts_left -= 1
                self.close_connection = True
                self.connection.close()
                return
            if large and hub.stall_after and sent >= hub.stall_after:
                hub.closing.wait(60)
                return
            try:
                self.wfile.write(content[start : start + _CHUNK])
            except OSError:
                self.close_connection = True  # the other side has gone, as it may
                return
            sent += _CHUNK
            if large and hub.pause:
                hub.closing.wait(hub.pause)


@contextmanager
def serving(repositories: dict[str, dict[str, bytes]]) -> Iterator[Hub]:
    """A hub with these repositories (name -> file name -> content) for the time of the block."""
    hub = Hub(repositories)
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
