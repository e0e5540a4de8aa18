"""Starts everything, measures, reports, stops what it started. Begin with `main`."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import postgres
import report
from crowd import Crowd, username
from figures import Stage
from lists import Lists
from postgres import Postgres
from processes import Child, Daemon, Trouble, peak_mib, resident_mib
from scene import Scene
from server import Server, free_port

REPOSITORY = Path(__file__).resolve().parents[2]
RESTARTS = 3
# The key of the lists, which are no figure: each is measured by its waits.
LISTS = "lists"


def options():
    parser = argparse.ArgumentParser(prog="bench/run.sh", description="Measures Portcullis against what this machine can do.")
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement (sign-in: 3 more)")
    parser.add_argument("--rounds", type=int, default=3, help="limit and figure in turns, the best of each counts")
    parser.add_argument("--connections", type=int, default=64, help="of wrk")
    parser.add_argument("--families", type=int, default=16, help="refresh connections, and clients of pgbench")
    parser.add_argument("--users", type=int, default=100_000, help="to import, once")
    parser.add_argument("--only", default="", help="keys, with commas; prints and writes no report")
    parser.add_argument("--report", default=REPOSITORY / "docs/performance.md", help="where the report goes")
    parser.add_argument("--linger", type=int, default=0, metavar="SECONDS", help="keep everything running so long at the end, to look at it")
    return parser.parse_args()


def main():
    chosen = options()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    folder = Path(tempfile.mkdtemp(prefix="portcullis-bench-"))
    folder.chmod(0o755)  # Postgres runs as another user and has to get through.
    server = Server(Path(os.environ["PORTCULLIS_BIN"]).resolve(), folder)
    bare = None
    try:
        say("starting the server")
        starts = start_often(server)
        time.sleep(1)
        memory = [("server, resident after start", resident_mib(server.pid))]
        say("people, clients, tokens")
        database = Postgres(server.data)
        memory.append(("Postgres after start (shared pages once)", database.memory_mib()))
        scene = Scene(server, folder, chosen.families)
        crowd = Crowd(database, folder, chosen.users)
        bare_address = f"127.0.0.1:{free_port()}"
        bare = start_bare(server, database, folder, bare_address)
        stage = Stage(baseline(), server, database, scene, crowd, bare_address, chosen)
        write_rotation(stage)

        known = {figure.key: figure for figure in stage.figures()}
        figures = [figure for key, figure in known.items() if not chosen.only or key in chosen.only.split(",")]
        lists = Lists(scene, database) if not chosen.only or LISTS in chosen.only.split(",") else None
        if not figures and not lists:
            raise Trouble("--only knows: " + ", ".join([*known, LISTS]))
        measure(stage, figures, known["import"], chosen.rounds, needs_crowd=bool(lists))
        scene.check()
        memory += [
            ("server, resident after the run", resident_mib(server.pid)),
            ("server, peak", peak_mib(server.pid)),
            ("Postgres after the run (shared pages once)", database.memory_mib()),
        ]
        if lists:
            stage.access.fill()
            lists.run(say)
        conclude(chosen, stage, figures, lists, report.start_and_memory(starts, memory))
        if chosen.linger:
            say(f"lingering {chosen.linger} s: {database.url}")
            time.sleep(chosen.linger)
    except Trouble as trouble:
        sys.exit(f"bench: {trouble}")
    finally:
        if bare:
            bare.stop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def leave(number, _):
    """Once: a second signal would interrupt the clean-up."""
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, signal.SIG_IGN)
    sys.exit(128 + number)


def baseline():
    return Path(os.environ["BASELINE_BIN"]).resolve()


def start_often(server):
    """Seconds to ready: of the first start, which makes the cluster, and of those after it."""
    starts = [server.start()]
    for _ in range(RESTARTS):
        server.stop()
        starts.append(server.start())
    return starts


def start_bare(server, database, folder, address):
    """The bare actix server, with documents as long as ours and a pool as large as ours."""
    discovery, jwks = folder / "discovery.json", folder / "jwks.json"
    discovery.write_bytes(server.get("/.well-known/openid-configuration"))
    jwks.write_bytes(server.get("/.well-known/jwks.json"))
    database.ask(postgres.SCRATCH_USERS)
    pool_size = min(32, max(4, 4 * (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())))
    bare = Daemon(
        [baseline(), "serve", "--listen", address, "--discovery", discovery, "--jwks", jwks,
         "--database", database.url, "--pool-size", pool_size],
        folder / "bare.log",
    )
    time.sleep(0.5)
    bare.check()
    return bare


def write_rotation(stage):
    """A short refresh load: a warm-up, and the moment to see its statement."""
    load = Child(stage.refresh_command(2), 30)
    try:
        script = stage.postgres.rotation_script(2)
    finally:
        load.finish()
    (stage.scene.folder / "rotate.sql").write_text(script)
    stage.postgres.copy_families()


def measure(stage, figures, importing, rounds, needs_crowd):
    """The import in between, once: it divides an almost empty database from a full one."""
    others = [figure for figure in figures if figure is not importing]
    crowded = [figure for figure in others if figure.is_crowded]
    take_turns([figure for figure in others if not figure.is_crowded], rounds)
    if crowded or needs_crowd or importing in figures:
        take_turns([importing], 1)
        stage.scene.check_sign_in(username(stage.crowd.count))
    take_turns(crowded, rounds)


def take_turns(figures, rounds):
    for number in range(1, rounds + 1):
        for figure in figures:
            say(f"round {number} of {rounds}: {figure.key}")
            figure.run_round()
            say(f"    {figure.samples[-1].per_second:,.0f}/s of {figure.limits[-1].per_second:,.0f}/s")
            for remark in filter(None, (figure.limits[-1].trouble, figure.samples[-1].trouble, figure.samples[-1].note)):
                say(f"    {remark}")


def conclude(chosen, stage, figures, lists, start):
    parts = [report.results(stage, figures), start, report.costs(figures)] if figures else []
    print(*parts, *([report.lists(lists)] if lists else []), sep="\n\n")
    if not chosen.only:
        report.write(chosen.report, stage, figures, lists, start)
        say(f"written: {chosen.report}")


def say(text):
    print(text, file=sys.stderr, flush=True)


main()
