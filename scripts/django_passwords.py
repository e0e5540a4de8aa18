#!/usr/bin/env python3
"""Writes tests/fixtures/django_passwords.json: password hashes as the real Django makes them.

    python3 -m venv VENV && VENV/bin/pip install django argon2-cffi bcrypt
    VENV/bin/python scripts/django_passwords.py > tests/fixtures/django_passwords.json

Costs are low where a scheme allows, so that tests are fast; one hash has Django's own default.
Every hash is checked by Django before it is written.
"""

import json
import sys

import django
from django.conf import settings

settings.configure(
    PASSWORD_HASHERS=[
        "django.contrib.auth.hashers." + name
        for name in (
            "PBKDF2PasswordHasher",
            "PBKDF2SHA1PasswordHasher",
            "Argon2PasswordHasher",
            "BCryptSHA256PasswordHasher",
            "BCryptPasswordHasher",
            "ScryptPasswordHasher",
        )
    ]
)
django.setup()

from django.contrib.auth import hashers  # noqa: E402

PLAIN = "correct horse battery staple"
NON_ASCII = "пароль-密码-ñandú"
# "é" as two characters: NFKC makes one of them, Django hashes both.
DECOMPOSED = "cafe\u0301 au lait, deux fois"
# Longer than the 72 bytes that bcrypt reads.
LONG = "a passphrase that goes on and on, well past the seventy-two bytes that bcrypt takes, to here"


def cheap(hasher, **cost):
    """The hasher with another cost."""
    for name, value in cost.items():
        setattr(hasher, name, value)
    return hasher


def argon2(variety):
    """Django's argon2 hasher with another variety: older versions of Django wrote argon2i."""
    import argon2 as library

    hasher = cheap(hashers.Argon2PasswordHasher(), time_cost=1, memory_cost=128, parallelism=2)
    params = hasher.params

    def other():
        made = params()
        made.type = variety(library.low_level.Type)
        return made

    hasher.params = other
    return hasher


def rows():
    """Scheme, password, hash."""
    pbkdf2 = hashers.PBKDF2PasswordHasher()
    pbkdf2_sha1 = hashers.PBKDF2SHA1PasswordHasher()
    bcrypt_sha256 = cheap(hashers.BCryptSHA256PasswordHasher(), rounds=4)
    bcrypt = cheap(hashers.BCryptPasswordHasher(), rounds=4)
    scrypt = hashers.ScryptPasswordHasher()

    yield "pbkdf2_sha256", PLAIN, hashers.make_password(PLAIN)
    yield "pbkdf2_sha256", DECOMPOSED, pbkdf2.encode(DECOMPOSED, pbkdf2.salt(), 1000)
    yield "pbkdf2_sha256", NON_ASCII, pbkdf2.encode(NON_ASCII, "oldshortsalt", 1000)
    yield "pbkdf2_sha1", NON_ASCII, pbkdf2_sha1.encode(NON_ASCII, pbkdf2_sha1.salt(), 1000)
    for variety in (lambda t: t.ID, lambda t: t.I, lambda t: t.D):
        hasher = argon2(variety)
        yield "argon2", NON_ASCII, hasher.encode(NON_ASCII, hasher.salt())
    hasher = argon2(lambda t: t.ID)
    yield "argon2", DECOMPOSED, hasher.encode(DECOMPOSED, hasher.salt())
    yield "bcrypt_sha256", NON_ASCII, bcrypt_sha256.encode(NON_ASCII, bcrypt_sha256.salt())
    yield "bcrypt_sha256", LONG, bcrypt_sha256.encode(LONG, bcrypt_sha256.salt())
    yield "bcrypt", DECOMPOSED, bcrypt.encode(DECOMPOSED, bcrypt.salt())
    yield "bcrypt", LONG[:72], bcrypt.encode(LONG[:72], bcrypt.salt())
    yield "scrypt", NON_ASCII, scrypt.encode(NON_ASCII, scrypt.salt(), n=256, r=8, p=2)
    yield "scrypt", DECOMPOSED, scrypt.encode(DECOMPOSED, scrypt.salt(), n=64, r=4, p=1)
    yield "unusable", PLAIN, hashers.make_password(None)


def main():
    """Prints the file."""
    hashes = []
    for scheme, password, made in rows():
        assert hashers.check_password(password, made) == (scheme != "unusable"), made
        hashes.append({"scheme": scheme, "password": password, "hash": made})
    json.dump({"django": django.get_version(), "hashes": hashes}, sys.stdout, ensure_ascii=True, indent=2)
    print()


if __name__ == "__main__":
    main()
