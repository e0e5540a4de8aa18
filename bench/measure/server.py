"""The server under test, its command line and its private Postgres."""

import http.client
import json
import os
import socket
import time
from pathlib import Path

from processes import Daemon, Trouble, run

READY_TIMEOUT_SECONDS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = Path(folder)
        self.data = self.folder / "data"
        self.address = f"127.0.0.1:{free_port()}"
        self.issuer = f"http://{self.address}"
        self.log = self.folder / "portcullis.log"
        self._daemon = None
        self.env = {
            **_foreign_environment(),
            "PORTCULLIS_SERVER__LISTEN": self.address,
            "PORTCULLIS_SERVER__PUBLIC_URL": self.issuer,
            "PORTCULLIS_DATA__DIR": str(self.data),
            # Everybody comes from one address here.
            "PORTCULLIS_LOGIN__NETWORK_LIMIT": "1000000",
            "PORTCULLIS_METRICS__LISTEN": f"127.0.0.1:{free_port()}",
        }

    def start(self):
        """Starts it and waits for /readyz; answers the seconds that took."""
        begin = time.monotonic()
        self._daemon = Daemon([self.binary, "serve"], self.log, self.env)
        while not self._is_ready():
            self._daemon.check()
            if time.monotonic() - begin > READY_TIMEOUT_SECONDS:
                raise Trouble(f"not ready within {READY_TIMEOUT_SECONDS} s, see {self.log}")
            time.sleep(0.002)
        return time.monotonic() - begin

    def _is_ready(self):
        host, port = self.address.split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self):
        if self._daemon:
            self._daemon.stop()

    @property
    def pid(self):
        return self._daemon.pid

    def command(self, *arguments, text_input=None):
        """Runs `portcullis … --json` beside the server; answers its JSON."""
        return last_json(run(self.command_line(*arguments), text_input=text_input, env=self.env).output)

    def command_line(self, *arguments):
        return [self.binary, *arguments, "--json"]

    def get(self, path):
        """The bytes of a public document."""
        host, port = self.address.split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise Trouble(f"GET {path}: {answer.status} {body[:300]!r}")
        return body


def last_json(output):
    """Beside it, progress and warnings may have been told."""
    lines = [line for line in output.splitlines() if line.startswith(("{", "["))]
    return json.loads(lines[-1] if lines else output)


def _foreign_environment():
    """Ours without what would configure the server behind our back."""
    ours = ("PORT", "DATABASE_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith("PORTCULLIS_") and name not in ours}
