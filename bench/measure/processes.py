"""Programs we start: what they say, what they cost, and their end."""

import os
import shlex
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path


class Trouble(Exception):
    """A measurement that cannot be believed, in words."""


@dataclass
class Finished:
    output: str
    cpu_seconds: float
    seconds: float


class Child:
    """A program that ends by itself; one that does not is killed after `timeout` seconds."""

    def __init__(self, command, timeout, text_input=None, env=None):
        self._command = [str(part) for part in command]
        self._output = tempfile.TemporaryFile()
        self._begin = time.monotonic()
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=self._output, stderr=subprocess.STDOUT, env=env
        )
        self._timer = threading.Timer(timeout, self._process.kill)
        self._timer.start()
        with self._process.stdin as stdin:
            try:
                stdin.write((text_input or "").encode())
            except BrokenPipeError:
                pass  # it does not read

    def finish(self):
        try:
            _, status, usage = os.wait4(self._process.pid, 0)
        finally:
            self._timer.cancel()
        seconds = time.monotonic() - self._begin
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._output.seek(0)
        output = self._output.read().decode(errors="replace")
        self._output.close()
        if self._process.returncode != 0:
            raise Trouble(f"{shlex.join(self._command)} ended with {self._process.returncode}:\n{output[-2000:]}")
        return Finished(output, usage.ru_utime + usage.ru_stime, seconds)


def run(command, timeout=60, text_input=None, env=None):
    return Child(command, timeout, text_input, env).finish()


class Daemon:
    """A program that serves until it is stopped, by its own id."""

    def __init__(self, command, log, env=None):
        self._log = log
        with open(log, "ab") as out:
            self._process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=env
            )
        self.pid = self._process.pid

    def check(self):
        if self._process.poll() is not None:
            raise Trouble(f"it ended with {self._process.returncode}:\n{Path(self._log).read_text()[-3000:]}")

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def cpu_of(pid):
    """CPU seconds of a process, without its children; None where there is no /proc."""
    fields = _stat(pid)
    return fields and _seconds(fields[11:13])


def cpu_of_family(pid):
    """CPU seconds of a process, its living children and those it has buried."""
    fields = _stat(pid)
    if not fields:
        return None
    children = (cpu_of(child) or 0 for child in children_of(pid))
    return _seconds(fields[11:15]) + sum(children)


def children_of(pid):
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _stat(pid):
    """From field 3 (state) on: the name before it may hold spaces."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _seconds(ticks):
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid):
    return int(run(["ps", "-o", "rss=", "-p", pid]).output) / 1024


def peak_mib(pid):
    return _status_mib(Path(f"/proc/{pid}/status"), "VmHWM")


def share_mib(pids):
    """Memory of processes that share much of it: each page counted once."""
    shares = [_status_mib(Path(f"/proc/{pid}/smaps_rollup"), "Pss") for pid in pids]
    return None if None in shares or not shares else sum(shares)


def _status_mib(path, name):
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name + ":")), None)
