"""Who may do what, by the million: groups in groups, memberships, grants on objects, and questions about them."""

import json

from processes import Trouble

GROUPS = 1_000
GRANTS = 1_000_000
# Of the grants on objects, so many of a hundred are a group's.
OF_GROUPS = 20
GROUPS_OF_EACH = 5
QUESTIONS = 2_000

# Group n is in group n / 10, so that everybody is in groups up to four deep.
FILL = f"""
INSERT INTO groups (id, name, name_key, created_at)
  SELECT gen_random_uuid(), 'group-' || n, 'group-' || n, now() FROM generate_series(1, {GROUPS}) n;
CREATE TEMP TABLE bench_groups AS SELECT id, substring(name FROM 7)::int AS n FROM groups WHERE name LIKE 'group-%';
CREATE TEMP TABLE bench_crowd AS SELECT id, row_number() OVER (ORDER BY username_key) AS n FROM users WHERE username LIKE 'crowd-%';
CREATE TEMP TABLE bench_permissions AS SELECT id, row_number() OVER (ORDER BY codename) - 1 AS n FROM permissions WHERE app = 'blog';
CREATE INDEX ON bench_groups (n); CREATE INDEX ON bench_crowd (n); ANALYZE bench_groups; ANALYZE bench_crowd;
INSERT INTO subgroups SELECT p.id, m.id, now() FROM bench_groups m JOIN bench_groups p ON p.n = m.n / 10;
INSERT INTO memberships SELECT g.id, u.id, now() FROM bench_crowd u, generate_series(1, {GROUPS_OF_EACH}) k
  JOIN bench_groups g ON true WHERE g.n = 1 + (u.n * 7919 + k * 104729) % {GROUPS} ON CONFLICT DO NOTHING;
INSERT INTO group_permissions SELECT g.id, p.id, now(), 'bench' FROM bench_groups g JOIN bench_permissions p ON p.n = g.n % 40;
INSERT INTO object_permissions (id, permission_id, object_id, user_id, group_id, granted_by, created_at)
  SELECT gen_random_uuid(), p.id, 'object-' || i, CASE WHEN i % 100 >= {OF_GROUPS} THEN u.id END,
         CASE WHEN i % 100 < {OF_GROUPS} THEN g.id END, 'bench', now()
  FROM generate_series(1, {GRANTS}) AS s (i) JOIN bench_permissions p ON p.n = i % 4
  JOIN bench_crowd u ON u.n = 1 + i % (SELECT count(*) FROM bench_crowd) JOIN bench_groups g ON g.n = 1 + i % {GROUPS};
VACUUM ANALYZE groups; VACUUM ANALYZE subgroups; VACUUM ANALYZE memberships; VACUUM ANALYZE group_permissions;
VACUUM ANALYZE object_permissions; VACUUM ANALYZE permissions; CHECKPOINT;
"""

# Half are about an object that the person has been granted, half about one that they have not.
ASK = f"""
SELECT json_build_object('subject', json_build_object('type', 'user', 'id', u.sub), 'action', json_build_object('name', p.action),
         'resource', json_build_object('type', 'blog.article', 'id', o.object_id || CASE WHEN o.n % 2 = 0 THEN '' ELSE '-other' END))
  FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM object_permissions WHERE user_id IS NOT NULL ORDER BY id LIMIT {QUESTIONS}) o
  JOIN users u ON u.id = o.user_id JOIN permissions p ON p.id = o.permission_id
"""


class Access:
    """Filled once, when it is first asked for."""

    def __init__(self, scene, postgres):
        self.scene = scene
        self.postgres = postgres
        self.questions = scene.folder / "questions.txt"
        self.authorization = None

    def fill(self):
        if self.authorization:
            return
        self.scene.server.command("permission", "create-model", "blog.article")
        client = self.scene.server.command(
            "client", "create", "--id", "bench-access", "--app", "blog", "--auth-method", "client_secret_basic",
        )
        self.postgres.ask(FILL)
        counts = {table: int(self.postgres.ask(f"SELECT count(*) FROM {table}")) for table in ("object_permissions", "groups")}
        if counts != {"object_permissions": GRANTS, "groups": GROUPS}:
            raise Trouble(f"the scene of access checks has {counts}")
        self.questions.write_text(self.postgres.ask(ASK) + "\n")
        self.authorization = self.scene.authorization("access", client)
        self._check()

    def _check(self):
        """The answers that are measured are the right ones."""
        lines = self.questions.read_text().splitlines()
        if len(lines) != QUESTIONS:
            raise Trouble(f"{len(lines)} questions, not {QUESTIONS}")
        for line in lines[:20]:
            wanted = not json.loads(line)["resource"]["id"].endswith("-other")
            told = self.scene.app.post_json("/access/v1/evaluation", line, self.authorization.read_text().strip())
            # What is not granted for the object may still come by a group.
            if told["decision"] < wanted:
                raise Trouble(f"a granted question is denied: {line}")
