"""The console's lists among a million people and ten million entries of the log: how long an operator waits for each."""

import http.client
import re
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from processes import Trouble
from scene import PASSWORD, Browser

PEOPLE = 1_000_000
ENTRIES = 10_000_000
# What the log speaks of most: one app, whom many people use; one operator's work; and what happens seldom.
APP, OPERATOR, RARE = "bench-app-7", "operator", "key.rotated"
LIMIT_MS = 50
WARM_UPS, ROUNDS = 3, 60

def uuid7(at, number):
    """SQL of an id of this instant (RFC 9562 section 5.7), another for each number."""
    millis = f"lpad(to_hex((extract(epoch FROM {at}) * 1000)::bigint), 12, '0')"
    return f"({millis} || '70008' || lpad(to_hex({number}), 15, '0'))::uuid"


PEOPLE_IN = f"""
SET synchronous_commit = off;
INSERT INTO users (id, sub, username, username_key, given_name, family_name, is_active, is_staff, created_at, updated_at, last_login_at)
  SELECT {uuid7("now() - n * interval '7 seconds'", "n")}, gen_random_uuid(), 'member-' || lpad(n::text, 7, '0'), 'member-' || lpad(n::text, 7, '0'), 'Somebody',
         'Number ' || n, n % 200 <> 0, n % 5000 = 0, now() - n * interval '7 seconds', now(),
         CASE WHEN n % 10 < 7 THEN now() - n * interval '5 seconds' END
  FROM generate_series(1, {PEOPLE} - (SELECT count(*) FROM users)) n;
INSERT INTO emails (id, user_id, address, address_key, is_primary, verified_at, created_at)
  SELECT gen_random_uuid(), id, username || '@example.test', username || '@example.test', true, now(), now()
  FROM users WHERE username LIKE 'member-%';
INSERT INTO groups (id, name, name_key, created_at) SELECT gen_random_uuid(), 'everybody', 'everybody', now();
INSERT INTO memberships SELECT g.id, u.id, now() FROM groups g, users u WHERE g.name = 'everybody' AND u.username LIKE 'member-0%';
INSERT INTO sessions (id, digest, user_id, auth_time, acr, amr, created_at, last_seen_at, expires_at)
  SELECT gen_random_uuid(), sha256(id::text::bytea), id, now(), '1', 'pwd', now(), now(), now() + interval '10 hours'
  FROM users WHERE username LIKE 'member-00%';
INSERT INTO invitations (id, digest, address, groups, invited_by, created_at, expires_at)
  SELECT {uuid7("now()", "n")}, sha256(n::text::bytea), 'guest-' || n || '@example.test', '[]', 'bench', now(), now() + interval '3 days'
  FROM generate_series(1, 10000) n;
INSERT INTO clients SELECT (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), 'client_id', 'bench-app-' || n,
    'name', 'App ' || n))).* FROM clients c, generate_series(1, 500) n WHERE c.client_id = 'bench-web';
"""

# As the log grows: an id for each instant, sign-ins mostly, of which the job has tied each to the one before.
LOG_IN = f"""
SET synchronous_commit = off;
SET work_mem = '256MB'; SET maintenance_work_mem = '1GB';
CREATE TEMP TABLE bench_indexes AS SELECT indexname AS name, indexdef AS made_by FROM pg_indexes
  WHERE tablename = 'audit_events' AND indexname <> 'audit_events_pkey';
DO $$ DECLARE i record; BEGIN FOR i IN SELECT * FROM bench_indexes LOOP EXECUTE 'DROP INDEX ' || i.name; END LOOP; END $$;
CREATE TEMP TABLE bench_people AS SELECT id, username, row_number() OVER () - 1 AS n FROM users WHERE username LIKE 'member-%';
CREATE INDEX ON bench_people (n); ANALYZE bench_people;
INSERT INTO audit_events (id, at, event, actor, user_id, client_id, session_id, address, device, request_id, details)
  SELECT {uuid7("at", "i")}, at,
         CASE WHEN i % 100 < 55 THEN 'login.succeeded' WHEN i % 100 < 70 THEN 'login.failed' WHEN i % 100 < 90 THEN 'logout'
              WHEN i % 100000 = 99999 THEN '{RARE}' WHEN i % 100 < 95 THEN 'user.updated' ELSE 'group.member_added' END,
         CASE WHEN i % 100 < 70 THEN p.username WHEN i % 100 < 90 THEN p.username ELSE '{OPERATOR}' END,
         p.id, CASE WHEN i % 100 < 55 THEN 'bench-app-' || (i % 10 + 1) END, gen_random_uuid(), '192.0.2.1', 'Firefox on Linux',
         'request-' || i, '{{"because": "bench"}}'
  FROM (SELECT i, now() - ({ENTRIES} - i) * interval '259 milliseconds' AS at FROM generate_series(1, {ENTRIES}) i) AS made
  JOIN bench_people p ON p.n = i * 7919::bigint % (SELECT count(*) FROM bench_people);
DO $$ DECLARE i record; BEGIN FOR i IN SELECT * FROM bench_indexes LOOP EXECUTE i.made_by; END LOOP; END $$;
INSERT INTO audit_chain SELECT coalesce((SELECT max(position) FROM audit_chain), 0) + row_number() OVER (ORDER BY id), id, sha256(id::text::bytea), now()
  FROM audit_events a WHERE NOT EXISTS (SELECT FROM audit_chain c WHERE c.event_id = a.id);
"""

SETTLE = "".join(f"VACUUM ANALYZE {table};" for table in (
    "users", "emails", "memberships", "groups", "sessions", "clients", "audit_events", "audit_chain",
)) + "CHECKPOINT;"


@dataclass
class Waits:
    """How long each of many requests for one list took, in milliseconds, the shortest first."""

    name: str
    path: str
    waits: list
    size: int = 0
    # What came instead of the list.
    trouble: str = None

    @property
    def median(self):
        return self.waits[len(self.waits) // 2]

    @property
    def worst(self):
        return self.waits[-1]

    def __str__(self):
        return f"{self.name}: {self.median:.1f} ms, at most {self.worst:.1f}" + (f" ({self.trouble})" if self.trouble else "")


class Lists:
    def __init__(self, scene, postgres):
        self.scene = scene
        self.postgres = postgres
        self.measured = []
        self.limit = None

    def run(self, say):
        say(f"lists: {PEOPLE:,} people, {ENTRIES:,} entries of the log")
        self._fill()
        self.scene.server.command(
            "user", "create", "--username", "bench-root", "--email", "bench-root@example.test", "--email-verified",
            "--superuser", "--staff", "--password-stdin", text_input=PASSWORD + "\n",
        )
        self.scene.server.command("user", "create", "--username", "bench-robot", "--service", "--superuser", "--staff")
        key = self.scene.server.command("api-key", "create", "--user", "bench-robot", "--name", "bench", "--scope", "api:read")
        browser = Browser(self.scene.server.address)
        browser.sign_in("bench-root")
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
        self.limit = self._waits("one page of 25 users, bare SELECT", self._select)
        for name, path in self._pages():
            self.measured.append(self._get(name, path, cookies))
            say(f"    {self.measured[-1]}")
        bearer = {"Authorization": f"Bearer {key['api_key']}"}
        for name, path in self._api():
            self.measured.append(self._get(name, path, bearer))
            say(f"    {self.measured[-1]}")

    def _fill(self):
        for sql in (PEOPLE_IN, LOG_IN, SETTLE):
            self.postgres.ask(sql, timeout=1800)
        counts = {table: int(self.postgres.ask(f"SELECT count(*) FROM {table}")) for table in ("users", "audit_events")}
        if counts["users"] < PEOPLE or counts["audit_events"] < ENTRIES:
            raise Trouble(f"the scene of lists has {counts}")

    def _one(self, sql):
        return self.postgres.ask(sql)

    def _pages(self):
        middle = self._one("SELECT id FROM users WHERE username = 'member-0450000'")
        entry = self._one(f"SELECT id FROM audit_events ORDER BY id OFFSET {ENTRIES // 2} LIMIT 1")
        group = self._one("SELECT id FROM groups WHERE name = 'everybody'")
        permission = "blog.change_article"
        users = (
            ("by name", {}), ("100 a page", {"size": 100}), ("in the middle", {"after": middle}), ("newest first", {"order": "newest"}),
            ("last sign-in first", {"order": "seen"}), ("last sign-in first, in the middle", {"order": "seen", "after": middle}),
            ("name begins with", {"q": "member-012345"}), ("name begins with, many", {"q": "member"}),
            ("address", {"q": "member-0777777@example.test"}), ("nobody of that name", {"q": "nobody-like-that"}),
            ("disabled", {"state": "disabled"}), ("staff", {"state": "staff"}), ("staff, newest first", {"state": "staff", "order": "newest"}),
            ("disabled, last sign-in first", {"state": "disabled", "order": "seen"}), ("superusers, newest first", {"state": "superuser", "order": "newest"}),
            ("address not proven", {"state": "unproven"}), ("being deleted, newest first", {"state": "leaving", "order": "newest"}),
            ("service accounts, last sign-in first", {"state": "service", "order": "seen"}),
            ("of a group of all", {"group": "everybody"}), ("of a group of all, newest first", {"group": "everybody", "order": "newest"}),
            ("of a small group, last sign-in first", {"group": "group-500", "order": "seen"}),
            ("disabled, of a small group, newest first", {"group": "group-500", "state": "disabled", "order": "newest"}),
        )
        log = (
            ("latest", {}), ("in the middle", {"before": entry}), ("of one event", {"event": "login.failed"}), ("of a rare event", {"event": RARE}),
            ("of an event that never was", {"event": "user.deleted"}), ("by one operator", {"actor": OPERATOR}), ("by nobody known", {"actor": "nobody"}),
            ("about one person", {"about": "member-0450000"}), ("of one app", {"client": APP}), ("of one request", {"request": "request-5000000"}),
            ("one event of one operator", {"actor": OPERATOR, "event": "user.updated"}),
            ("an event that an operator never made", {"actor": OPERATOR, "event": "login.failed"}),
            ("an event that an app never had", {"client": APP, "event": "login.failed"}),
            ("one app and one person", {"client": APP, "about": "member-0450000"}),
            ("an operator and an app that never met", {"client": APP, "actor": OPERATOR}),
        )
        def at(path, query):
            return f"{path}?{urlencode(query)}" if query else path
        return (
            [("dashboard", "/admin")]
            + [(f"users, {name}", at("/admin/users", query)) for name, query in users]
            + [(f"audit log, {name}", at("/admin/audit", query)) for name, query in log]
            + [
                ("one user", f"/admin/users/{middle}"), ("groups", "/admin/groups"), ("a group of all", f"/admin/groups/{group}"),
                ("permissions", "/admin/permissions"), ("one permission: who can do it?", f"/admin/permissions/{permission}"),
                ("apps", "/admin/clients"), ("one app", f"/admin/clients/{APP}"), ("invitations", "/admin/invitations"),
                ("traces", "/admin/traces"), ("mail", "/admin/mail"), ("signing keys", "/admin/keys"),
            ]
        )

    def _api(self):
        person = self._one("SELECT id FROM users WHERE username = 'member-0012345'")
        group = self._one("SELECT id FROM groups WHERE name = 'everybody'")
        paths = (
            "users", "users?limit=100", "groups", f"groups/{group}/members", "permissions", "permissions/blog.change_article/grants",
            "clients", "invitations", f"users/{person}/sessions", f"users/{person}/permissions", "audit-events?limit=100",
            f"audit-events?actor={OPERATOR}", f"audit-events?client={APP}&event=login.failed",
        )
        return [(f"API: {path}".replace(person, "{user}").replace(group, "{group}"), f"/api/v1/{path}") for path in paths]

    def _get(self, name, path, headers):
        host, port = self.scene.server.address.split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        size, trouble = 0, None

        def ask():
            nonlocal size, trouble
            connection.request("GET", path, headers={"Accept-Encoding": "identity", **headers})
            answer = connection.getresponse()
            size = len(answer.read())
            if answer.status != 200:
                trouble = f"GET {path}: {answer.status}"

        waits = self._waits(name, ask, path)
        connection.close()
        waits.size, waits.trouble = size, trouble
        return waits

    def _waits(self, name, ask, path=""):
        waits = []
        for number in range(WARM_UPS + ROUNDS):
            begin = time.monotonic()
            given = ask()
            waited = (time.monotonic() - begin) * 1000 if given is None else given
            if number >= WARM_UPS:
                waits.append(waited)
        return Waits(name, path, sorted(waits))

    def _select(self):
        """What Postgres itself takes for the plainest of these lists, plan included."""
        told = self.postgres.ask(
            "EXPLAIN (ANALYZE, SUMMARY) SELECT id, username, name, created_at, last_login_at FROM users ORDER BY username_key LIMIT 26;"
        )
        return sum(float(number) for number in re.findall(r"(?:Planning|Execution) Time: ([\d.]+) ms", told))
