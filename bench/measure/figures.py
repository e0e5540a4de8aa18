"""What is measured: each figure against its limit, in turns, so that both meet the same machine."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import access
from access import Access
from crowd import ROWS
from processes import Child, Trouble, cpu_of, run
from sample import Sample, parse_pgbench, parse_report, parse_wrk
from server import last_json

WRK = Path(__file__).resolve().parents[1] / "wrk"
LETTERS_TIMEOUT_SECONDS = 60
IMPORT_TIMEOUT_SECONDS = 300


@dataclass
class Figure:
    key: str
    title: str
    limit_title: str
    target: float
    measure_limit: object
    measure: object
    # With the crowd of the import stored.
    is_crowded: bool = False
    # What the 99th percentile of waits has to stay under.
    p99_target_ms: float = None
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

    def __init__(self, baseline, server, postgres, scene, crowd, bare_address, options):
        self.baseline = baseline
        self.server = server
        self.postgres = postgres
        self.scene = scene
        self.crowd = crowd
        self.access = Access(scene, postgres)
        self.bare = f"http://{bare_address}"
        self.options = options
        self.seconds = options.seconds
        self.pulses = {}

    # Samples

    def _sample(self, command, parse, seconds, on_server=True, env=None, finish=lambda sample: None):
        """Runs a load and sets its cost beside its rate; what `finish` waits for is part of the cost."""
        before = self._cpu()
        try:
            done = run(command, timeout=seconds + 30, env=env)
            sample = parse(done, command)
            finish(sample)
        except Trouble as trouble:
            return Sample(0, 0, command, trouble=str(trouble))
        after = self._cpu()
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

    def wrk(self, url, script=None, *arguments, on_server=True, connections=None):
        command = ["wrk", "-t1", f"-c{connections or self.options.connections}", f"-d{self.seconds}s", "--latency"]
        if script:
            command += ["-s", WRK / script]
        command += [url, *(["--", *arguments] if arguments else [])]
        return self._sample(command, parse_wrk, self.seconds, on_server)

    def raw(self, *arguments):
        command = [self.baseline, *arguments, "--seconds", self.seconds]
        return self._sample(command, parse_report, self.seconds, on_server=False)

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
                lambda: self.raw("argon2"), lambda: self._sign_in("login"),
            ),
            Figure(
                "registration", "registration (page, CSRF, post, a letter written to a file)", "argon2id on all cores", None,
                lambda: self.raw("argon2"), self._register,
            ),
            Figure(
                "import", f"users imported from Django, {self.crowd.count:,} at once",
                f"multi-row INSERTs of the same rows by psql, {ROWS} users in a transaction", None,
                self._insert_crowd, self._import_crowd,
            ),
            Figure(
                "login-crowded", f"password sign-in with {self.crowd.count:,} users stored", "argon2id on all cores", None,
                lambda: self.raw("argon2"), lambda: self._sign_in("login-crowded"), is_crowded=True,
            ),
            self._access_check("access", 1, 1.0),
            self._access_check("access-full", self.options.connections, None),
        ]

    def _access_check(self, key, connections, p99_target_ms):
        """With few connections the waits are the checks' own; with many they are mostly turns in a queue."""
        title = f"access check among {access.GRANTS:,} grants on objects, {connections} at a time"
        limit = f"bare actix handler, one indexed SELECT through the same pool, {connections} at a time"

        def measure(url, path, on_server):
            self.access.fill()
            questions, authorization = self.access.questions, self.access.authorization
            if connections > 1:
                return self.wrk(url + path, "access.lua", questions, authorization, on_server=on_server, connections=connections)
            address = url.removeprefix("http://")
            command = [
                self.baseline, "load-ask", "--address", address, "--path", path, "--questions", questions,
                "--authorization", authorization, "--seconds", self.seconds,
            ]
            return self._sample(command, parse_report, self.seconds, on_server)

        return Figure(
            key, title, limit, None, lambda: measure(self.bare, "/select", False),
            lambda: measure(self.server.issuer, "/access/v1/evaluation", True), is_crowded=True, p99_target_ms=p99_target_ms,
        )

    def _client_credentials(self, alg, target):
        return Figure(
            f"client-credentials-{alg.lower()}", f"client_credentials, {alg}", f"{alg} signatures on all cores", target,
            lambda: self.raw("sign", "--algorithm", alg.lower()),
            lambda: self.wrk(f"{self.server.issuer}/oauth2/token", "client_credentials.lua", self.scene.machines[alg]),
        )

    def _rotate_in_postgres(self):
        before = self.postgres.generations()
        command = self.postgres.pgbench(self.scene.folder / "rotate.sql", self.options.families, self.seconds)
        sample = self._sample(command, parse_pgbench, self.seconds, on_server=False)
        rotated = self.postgres.generations() - before
        if rotated < sample.operations:
            sample.trouble = sample.trouble or f"pgbench rotated {rotated} rows only"
        return sample

    def _refresh(self):
        return self._sample(self.refresh_command(self.seconds), parse_report, self.seconds)

    def refresh_command(self, seconds):
        scene = self.scene
        return [self.baseline, "load-refresh", "--scene", scene.file, "--tokens", scene.refresh_tokens, "--seconds", seconds]

    def _register(self):
        """The server writes each letter into a file and syncs it, on the same cores: what SMTP would cost is not told."""
        seconds = self.seconds + 3
        command = [self.baseline, "load-register", "--scene", self.scene.file, "--seconds", seconds]
        return self._sample(command, parse_report, seconds, finish=self._wait_for_letters)

    def _wait_for_letters(self, sample):
        """A rate that letters do not keep up with is none."""
        waited = self.postgres.wait_for_letters(LETTERS_TIMEOUT_SECONDS)
        if waited is None:
            sample.trouble = sample.trouble or f"letters had not left {LETTERS_TIMEOUT_SECONDS} s after the load"
        else:
            sample.note = f"the last letter left {waited:.1f} s after the load"

    def _insert_crowd(self):
        self.crowd.write_rows()
        self.crowd.clear()
        sample = self._in_one_go(self.crowd.load_command())
        self.crowd.remove()
        return sample

    def _import_crowd(self):
        """Once only: the second time, everybody would be here."""
        self.crowd.write_dump()
        command = self.server.command_line("import", "django", self.crowd.dump)
        sample = self._in_one_go(command, env=self.server.env, check=self.crowd.check)
        # The program that is measured is the one that was started here.
        sample.server_us, sample.load_us = sample.load_us, None
        self.crowd.settle()
        return sample

    def _in_one_go(self, command, env=None, check=None):
        """Something that takes as long as it takes, for the whole crowd; what follows needs it done."""
        def parse(done, command):
            if check:
                check(last_json(done.output))
            return Sample(self.crowd.count / done.seconds, self.crowd.count, command)
        sample = self._sample(command, parse, IMPORT_TIMEOUT_SECONDS, on_server=False, env=env)
        if sample.trouble:
            raise Trouble(sample.trouble)
        return sample

    def _sign_in(self, key):
        seconds = self.seconds + 3
        scene = ["--scene", self.scene.file, "--seconds", seconds]
        probe = Child([self.baseline, "probe", *scene], seconds + 30)
        sample = self._sample([self.baseline, "load-login", *scene], parse_report, seconds)
        try:
            self.pulses.setdefault(key, []).append(json.loads(probe.finish().output))
        except Trouble as trouble:
            sample.trouble = sample.trouble or str(trouble)
        return sample

    def pulse_p99_ms(self, key, name):
        """Over all rounds."""
        waits = sorted(wait for pulse in self.pulses.get(key, []) for wait in pulse[f"{name}_us"])
        return waits[len(waits) * 99 // 100] / 1000 if waits else None

    def pulse_troubles(self, key):
        return [pulse["first_error"] for pulse in self.pulses.get(key, []) if pulse["errors"]]
