"""One run of a load, and how each program tells what it did."""

import json
import re
from dataclasses import dataclass


@dataclass
class Sample:
    """One run. Costs are CPU microseconds per operation."""

    per_second: float
    operations: int
    command: list
    p50_ms: float = None
    p99_ms: float = None
    max_ms: float = None
    load_us: float = None
    server_us: float = None
    postgres_us: float = None
    trouble: str = None
    note: str = None


def parse_wrk(done, command):
    output = done.output
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    count = re.search(r"(\d+) requests in", output)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", output)
    wrong = re.search(r"(Non-2xx or 3xx responses|Socket errors):.*", output)
    unit = {"us": 0.001, "ms": 1, "s": 1000}
    return Sample(
        float(rate[1]) if rate else 0, int(count[1]) if count else 0, command,
        p99_ms=float(p99[1]) * unit[p99[2]] if p99 else None,
        trouble=wrong[0] if wrong else None if rate else output,
    )


def parse_pgbench(done, command):
    output = done.output
    rate = re.search(r"tps = ([\d.]+)", output)
    count = re.search(r"transactions actually processed: (\d+)", output)
    failed = re.search(r"number of failed transactions: ([1-9]\d*)", output)
    return Sample(
        float(rate[1]) if rate else 0, int(count[1]) if count else 0, command,
        trouble=failed[0] if failed else None if rate else output,
    )


def parse_report(done, command):
    report = json.loads(done.output)
    errors = report.get("errors", 0)
    trouble = f"{errors} errors, first: {report['first_error']}" if errors else None
    waits = {name: report.get(name) for name in ("p50_ms", "p99_ms", "max_ms")}
    return Sample(report["per_second"], report["operations"], command, **waits, trouble=trouble)
