"""What is measured: each figure against its limit, in turns, so that both meet the same machine."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from processes import Child, Trouble, cpu_of, run

WRK = Path(__file__).resolve().parents[1] / "wrk"


@dataclass
class Sample:
    """One run. Costs are CPU microseconds per operation."""

    per_second: float
    operations: int
    command: list
    p99_ms: float = None
    load_us: float = None
    server_us: float = None
    postgres_us: float = None
    trouble: str = None


@dataclass
class Figure:
    key: str
    title: str
    limit_title: str
    target: float
    measure_limit: object
    measure: object
    limits: list = field(default_factory=list)
    samples: list = field(default_factory=list)

    def run_round(self):
        self.limits.append(self.measure_limit())
        self.samples.append(self.measure())

    @property
    def limit(self):
        return best(self.limits)

    @property
    def best(self):
        return best(self.samples)

    @property
    def ratio(self):
        return self.best.per_second / self.limit.per_second if self.limit.per_second else 0

    @property
    def troubles(self):
        return [sample.trouble for sample in self.limits + self.samples if sample.trouble]


def best(samples):
    return max(samples, key=lambda sample: sample.per_second)


class Stage:
    """Everything that runs while we measure."""

    def __init__(self, baseline, server, postgres, scene, bare_address, options):
        self.baseline = baseline
        self.server = server
        self.postgres = postgres
        self.scene = scene
        self.bare = f"http://{bare_address}"
        self.options = options
        self.seconds = options.seconds
        self.pulses = []

    # Samples

    def _sample(self, command, parse, seconds, on_server=True):
        """Runs a load and sets its cost beside its rate."""
        before = self._cpu()
        try:
            done = run(command, timeout=seconds + 30)
        except Trouble as trouble:
            return Sample(0, 0, command, trouble=str(trouble))
        after = self._cpu()
        sample = parse(done.output, command)
        self._set_costs(sample, done.cpu_seconds, before, after, on_server)
        return sample

    def _cpu(self):
        return cpu_of(self.server.pid), self.postgres.cpu_seconds()

    @staticmethod
    def _set_costs(sample, load_seconds, before, after, on_server):
        if not sample.operations:
            return
        micros = 1e6 / sample.operations
        sample.load_us = load_seconds * micros
        if None not in before + after:
            server, postgres = (end - begin for begin, end in zip(before, after))
            sample.server_us = server * micros if on_server else None
            sample.postgres_us = postgres * micros

    def wrk(self, url, script=None, *arguments, on_server=True):
        command = ["wrk", "-t1", f"-c{self.options.connections}", f"-d{self.seconds}s", "--latency"]
        if script:
            command += ["-s", WRK / script]
        command += [url, *(["--", *arguments] if arguments else [])]
        return self._sample(command, _parse_wrk, self.seconds, on_server)

    def raw(self, *arguments):
        command = [self.baseline, *arguments, "--seconds", self.seconds]
        return self._sample(command, _parse_report, self.seconds, on_server=False)

    # Figures

    def figures(self):
        scene, issuer, bare = self.scene, self.server.issuer, self.bare
        introspect = ("introspect.lua", scene.access_tokens, scene.web)
        userinfo = ("userinfo.lua", scene.access_tokens)
        select = "bare actix handler, one indexed SELECT through the same pool"
        return [
            Figure(
                "discovery", "discovery", "bare actix handler, same bytes", 0.8,
                lambda: self.wrk(f"{bare}/discovery", on_server=False),
                lambda: self.wrk(f"{issuer}/.well-known/openid-configuration"),
            ),
            Figure(
                "jwks", "JWKS", "bare actix handler, same bytes", 0.8,
                lambda: self.wrk(f"{bare}/jwks", on_server=False),
                lambda: self.wrk(f"{issuer}/.well-known/jwks.json"),
            ),
            Figure(
                "introspect", "introspection of a JWT", select, 0.8,
                lambda: self.wrk(f"{bare}/select", *introspect, on_server=False),
                lambda: self.wrk(f"{issuer}/oauth2/introspect", *introspect),
            ),
            Figure(
                "userinfo", "userinfo", select, 0.8,
                lambda: self.wrk(f"{bare}/select", *userinfo, on_server=False),
                lambda: self.wrk(f"{issuer}/oauth2/userinfo", *userinfo),
            ),
            self._client_credentials("ES256", None),
            self._client_credentials("RS256", 0.7),
            Figure(
                "refresh", "refresh rotation (ES256, no ID token)", "pgbench, the same UPDATE, durable", 0.4,
                self._rotate_in_postgres, self._refresh,
            ),
            Figure(
                "login", "password sign-in (page, CSRF, post, session)", "argon2id on all cores", 0.85,
                lambda: self.raw("argon2"), self._sign_in,
            ),
        ]

    def _client_credentials(self, alg, target):
        return Figure(
            f"client-credentials-{alg.lower()}", f"client_credentials, {alg}", f"{alg} signatures on all cores", target,
            lambda: self.raw("sign", "--algorithm", alg.lower()),
            lambda: self.wrk(f"{self.server.issuer}/oauth2/token", "client_credentials.lua", self.scene.machines[alg]),
        )

    def _rotate_in_postgres(self):
        before = self.postgres.generations()
        command = self.postgres.pgbench(self.scene.folder / "rotate.sql", self.options.families, self.seconds)
        sample = self._sample(command, _parse_pgbench, self.seconds, on_server=False)
        rotated = self.postgres.generations() - before
        if rotated < sample.operations:
            sample.trouble = sample.trouble or f"pgbench rotated {rotated} rows only"
        return sample

    def _refresh(self):
        return self._sample(self.refresh_command(self.seconds), _parse_report, self.seconds)

    def refresh_command(self, seconds):
        scene = self.scene
        return [self.baseline, "load-refresh", "--scene", scene.file, "--tokens", scene.refresh_tokens, "--seconds", seconds]

    def _sign_in(self):
        seconds = self.seconds + 3
        scene = ["--scene", self.scene.file, "--seconds", seconds]
        probe = Child([self.baseline, "probe", *scene], seconds + 30)
        sample = self._sample([self.baseline, "load-login", *scene], _parse_report, seconds)
        try:
            self.pulses.append(json.loads(probe.finish().output))
        except Trouble as trouble:
            sample.trouble = sample.trouble or str(trouble)
        return sample

    def pulse_p99_ms(self, name):
        """Over all rounds."""
        waits = sorted(wait for pulse in self.pulses for wait in pulse[f"{name}_us"])
        return waits[len(waits) * 99 // 100] / 1000 if waits else None

    def pulse_troubles(self):
        return [pulse["first_error"] for pulse in self.pulses if pulse["errors"]]


def _parse_wrk(output, command):
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


def _parse_pgbench(output, command):
    rate = re.search(r"tps = ([\d.]+)", output)
    count = re.search(r"transactions actually processed: (\d+)", output)
    failed = re.search(r"number of failed transactions: ([1-9]\d*)", output)
    return Sample(
        float(rate[1]) if rate else 0, int(count[1]) if count else 0, command,
        trouble=failed[0] if failed else None if rate else output,
    )


def _parse_report(output, command):
    report = json.loads(output)
    errors = report.get("errors", 0)
    trouble = f"{errors} errors, first: {report['first_error']}" if errors else None
    return Sample(report["per_second"], report["operations"], command, p99_ms=report.get("p99_ms"), trouble=trouble)
