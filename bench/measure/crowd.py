"""Many people who move in: as a dump of a Django project for the import, and as bare rows for its limit."""

import base64
import hashlib
import json
import secrets
import time
import uuid

from processes import Trouble
from scene import PASSWORD

# Rows that the import writes in one transaction.
ROWS = 1000
JOINED_AT = "2024-05-01T09:30:00Z"
# What one person is: an account, an address, and a line in the audit log.
TABLES = {
    "users": "(id, sub, username, username_key, password_hash, given_name, family_name, is_active, is_staff, is_superuser, "
             "created_at, updated_at, last_login_at)",
    "emails": "(id, user_id, address, address_key, is_primary, verified_at, created_at)",
    "audit_events": "(id, at, event, actor, user_id, client_id, session_id, address, request_id, details)",
}


class Crowd:
    def __init__(self, postgres, folder, count):
        self.postgres = postgres
        self.count = count
        self.dump = folder / "crowd.json"
        self.rows = folder / "crowd.sql"
        self._hash = _django_hash()

    def write_dump(self):
        people = ({"model": "auth.user", "pk": number, "fields": self._fields(number)} for number in self._numbers())
        with open(self.dump, "w") as file:
            file.write("[\n" + ",\n".join(map(json.dumps, people)) + "\n]\n")

    def write_rows(self):
        """The same people as statements, by the thousand, for the scratch tables that `clear` makes."""
        now, numbers = time.time(), list(self._numbers())
        with open(self.rows, "w") as file:
            for first in range(0, len(numbers), ROWS):
                people = [self._rows_of(number, now) for number in numbers[first:first + ROWS]]
                file.write("BEGIN;\n")
                for table, columns in TABLES.items():
                    values = ",\n".join(person[table] for person in people)
                    file.write(f"INSERT INTO bench_crowd_{table} {columns} VALUES\n{values};\n")
                file.write("COMMIT;\n")

    def load_command(self):
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.postgres.url, "-f", self.rows]

    def clear(self):
        """Empty scratch tables, with the columns, indexes and checks of ours, and an address's foreign key."""
        for table in TABLES:
            self.postgres.make_copy(f"bench_crowd_{table}", table)
        self.postgres.ask(
            "ALTER TABLE bench_crowd_emails ADD FOREIGN KEY (user_id) REFERENCES bench_crowd_users ON DELETE CASCADE; CHECKPOINT;"
        )

    def remove(self):
        """Takes the scratch tables away, once all rows were seen there."""
        counts = {table: int(self.postgres.ask(f"SELECT count(*) FROM bench_crowd_{table}")) for table in TABLES}
        if set(counts.values()) != {self.count}:
            raise Trouble(f"the limit of the import has {counts} rows, not {self.count} of each")
        self.postgres.ask("".join(f"DROP TABLE bench_crowd_{table} CASCADE;" for table in TABLES) + "CHECKPOINT;")

    def check(self, report):
        """Everybody came in, with their address."""
        new = {kind: report[kind]["new"] for kind in ("users", "emails")}
        skipped = [remark for kind in new for remark in report[kind]["skipped"]]
        if set(new.values()) != {self.count} or skipped:
            raise Trouble(f"the import made {new} of {self.count}; skipped: {skipped[:3]}")

    def settle(self):
        """What autovacuum would do in the next minutes, so that it does not do it while we measure."""
        self.postgres.ask("".join(f"VACUUM ANALYZE {table};" for table in TABLES) + "CHECKPOINT;")

    def _numbers(self):
        return range(1, self.count + 1)

    def _fields(self, number):
        return {
            "password": self._hash, "last_login": JOINED_AT, "is_superuser": False, "username": username(number),
            "first_name": "Somebody", "last_name": f"Number {number}", "email": f"{username(number)}@example.test",
            "is_staff": False, "is_active": True, "date_joined": JOINED_AT, "groups": [], "user_permissions": [],
        }

    def _rows_of(self, number, now):
        """A person's row in each table."""
        key, name, at = _ordered_id(now), username(number), f"to_timestamp({now})"
        address, details = f"{name}@example.test", json.dumps({"import": "django", "row": f"auth.user pk={number}"})
        return {
            "users": f"('{key}', '{uuid.uuid4()}', '{name}', '{name}', '{self._hash}', 'Somebody', 'Number {number}', "
                     f"true, false, false, '{JOINED_AT}', {at}, '{JOINED_AT}')",
            "emails": f"('{_ordered_id(now)}', '{key}', '{address}', '{address}', true, NULL, {at})",
            "audit_events": f"('{_ordered_id(now)}', {at}, 'user.created', 'cli', '{key}', NULL, NULL, NULL, NULL, '{details}')",
        }


def username(number):
    return f"crowd-{number:06}"


def _django_hash():
    """PBKDF2 as Django 5.2 stores it. One for all: the import keeps hashes and computes none."""
    salt, iterations = secrets.token_hex(11), 1_000_000
    digest = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt.encode(), iterations)
    return f"pbkdf2_sha256${iterations}${salt}${base64.b64encode(digest).decode()}"


def _ordered_id(now):
    """UUID version 7 of one instant, as the import's keys are (RFC 9562 section 5.7)."""
    chance = secrets.randbits(74)
    high, low = chance >> 62, chance & (1 << 62) - 1
    return uuid.UUID(int=int(now * 1000) << 80 | 7 << 76 | high << 64 | 2 << 62 | low)
