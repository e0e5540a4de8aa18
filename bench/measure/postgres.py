"""The server's private cluster, seen from outside: scratch tables, and the rotation as pgbench runs it."""

import re
import shutil
import time
from pathlib import Path

from processes import Trouble, children_of, cpu_of_family, run, share_mib

USERS = 10_000

SCRATCH_USERS = f"""
DROP TABLE IF EXISTS bench_users;
CREATE TABLE bench_users (LIKE users INCLUDING ALL);
INSERT INTO bench_users (id, sub, username, username_key, created_at, updated_at)
  SELECT gen_random_uuid(), gen_random_uuid(), 'bench-' || n, 'bench-' || n, now(), now() FROM generate_series(1, {USERS}) n;
VACUUM ANALYZE bench_users;
"""

# LIKE leaves the fillfactor behind, which a rotation needs for its room on the page.
COPY = """
DROP TABLE IF EXISTS {copy} CASCADE;
CREATE TABLE {copy} (LIKE {table} INCLUDING ALL);
DO $$ BEGIN
  EXECUTE (SELECT coalesce('ALTER TABLE {copy} SET (' || array_to_string(reloptions, ', ') || ')', 'SELECT 1')
           FROM pg_class WHERE oid = '{table}'::regclass);
END $$;
"""

# Each client of pgbench has a row of its own, as each connection of the load has a family of its own.
ROTATION = r"""
\if :generation < 0
SELECT id AS family, client_id AS client, generation - 1 AS generation
  FROM bench_families WHERE is_offline ORDER BY id LIMIT 1 OFFSET :client_id \gset
\endif
\set generation :generation + 1
{update};
"""

# What stands for the statement's parameters, by the column each is compared with or assigned to.
VALUES = {
    "id =": ":family",
    "client_id =": ":client",
    "generation =": ":generation",
    "rotated_at =": "now()",
    "expires_at =": "(now() + interval '14 days')",
    "expires_at >": "now()",
    "audiences ?": "'http://localhost'",
}


class Postgres:
    def __init__(self, data):
        self.data = Path(data)
        self.socket = self.data / "run"
        self.pid = int((self.data / "postgres/postmaster.pid").read_text().splitlines()[0])
        self.url = f"host={self.socket} user=portcullis dbname=portcullis"

    def ask(self, sql, timeout=60):
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-f", "-"]
        return run(command, timeout, text_input=sql).output.strip()

    def make_copy(self, copy, table):
        """An empty table like `table`, its indexes included."""
        self.ask(COPY.format(copy=copy, table=table))

    def copy_families(self):
        self.make_copy("bench_families", "families")
        self.ask("INSERT INTO bench_families SELECT * FROM families; VACUUM ANALYZE bench_families;")

    def wait_for_letters(self, seconds):
        """Until all have left; answers how long that took, or None when some have not."""
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            if self.ask("SELECT count(*) FROM mail_outbox WHERE sent_at IS NULL AND parked_at IS NULL") == "0":
                return time.monotonic() - begin
            time.sleep(0.02)
        return None

    def cpu_seconds(self):
        return cpu_of_family(self.pid)

    def memory_mib(self):
        return share_mib([self.pid, *children_of(self.pid)])

    def durability(self):
        names = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
        return ", ".join(f"{name} {self.ask(f'SHOW {name}')}" for name in names)

    def rotation_script(self, seconds):
        """The UPDATE of a refresh as Postgres sees it now, while a load runs for `seconds`, on the scratch copy."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            seen = self.ask(
                "SELECT query FROM pg_stat_activity WHERE query ~* '^update \"?families\"? ' AND query ~ 'generation' LIMIT 1"
            )
            if seen:
                return ROTATION.format(update=_on_scratch_copy(seen))
            time.sleep(0.02)
        raise Trouble("no UPDATE of families was seen during a refresh load")

    def generations(self):
        return int(self.ask("SELECT sum(generation) FROM bench_families"))

    def pgbench(self, script, clients, seconds):
        return [
            _pgbench(), "-n", "-M", "prepared", "-c", clients, "-j", 2, "-T", seconds, "-D", "generation=-1",
            "-f", script, "-h", self.socket, "-U", "portcullis", "portcullis",
        ]


def _on_scratch_copy(update):
    uses = re.findall(r'(\w+)"? (=|>|\?) \$(\d+)', update)
    values = {number: VALUES.get(f"{column} {operator}") for column, operator, number in uses}
    if None in values.values() or set(values) != set(re.findall(r"\$(\d+)", update)):
        raise Trouble(f"bench/measure/postgres.py does not know all parameters of: {update}")
    update = re.sub(r"\$(\d+)", lambda match: values[match[1]], " ".join(update.rstrip("; \n").split()))
    return re.sub(r'(?i)^(update) ("?)families\2', r"\1 bench_families", update)


def _pgbench():
    """The newest of the system's, or what the path has."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), key=lambda path: float(path.parts[-3]))
    found = installed[-1] if installed else shutil.which("pgbench")
    if not found:
        raise Trouble("missing: pgbench (package postgresql-contrib, or postgresql-15)")
    return str(found)
