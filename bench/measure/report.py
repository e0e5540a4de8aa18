"""docs/performance.md: written anew by each full run, but for the notes between their marks."""

import os
import platform
import re
import shlex
from datetime import date
from pathlib import Path

from lists import ENTRIES, LIMIT_MS as LIST_LIMIT_MS, PEOPLE, ROUNDS
from processes import run

NOTES = ("<!-- notes: kept by bench/run.sh -->", "<!-- end of notes -->")
PULSE_LIMIT_MS = 50


def write(path, stage, figures, shown_lists, start):
    path = Path(path)
    notes = _notes(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    sections = [
        "# Performance\n\nWritten by `make bench` (bench/run.sh). Every ratio compares two measurements of the same run, taken in turns; load\n"
        "generator, server and Postgres share the cores. The best round of each side counts, for waits the 99th percentile over all rounds (of access checks: in the worst round).",
        _machine(stage),
        "## Results\n\n" + results(stage, figures),
        "## Lists\n\n" + lists(shown_lists),
        "## Start and memory\n\n" + start,
        "## Cost of one operation\n\nCPU microseconds in the best round; the load generator's are its own cost, not the server's.\n\n" + costs(figures),
        "## Rounds\n\nPer second, limit / figure.\n\n" + rounds(figures),
        "## Commands\n\n`make bench` runs them all; `bench/run.sh --only KEY` runs one. `$T` is the run's temporary folder.\n\n"
        + _commands(stage, figures),
        f"## Notes\n\n{NOTES[0]}\n{notes}\n{NOTES[1]}",
    ]
    path.write_text("\n\n".join(sections) + "\n")


def _notes(path):
    try:
        _, _, rest = path.read_text().partition(NOTES[0] + "\n")
    except FileNotFoundError:
        return "(none yet)"
    kept, found, _ = rest.partition("\n" + NOTES[1])
    return kept if found else "(none yet)"


def results(stage, figures):
    rows = [["figure", "per second", "limit", "per second", "ratio", "target", "met"]]
    for figure in figures:
        met = "–" if figure.target is None else _yes(figure.ratio >= figure.target and not figure.troubles)
        target = "–" if figure.target is None else f"{figure.target:.2f}"
        rows.append([
            figure.title, _number(figure.best.per_second), figure.limit_title, _number(figure.limit.per_second),
            f"{figure.ratio:.2f}", target, met + (" (errors)" if figure.troubles else ""),
        ])
    when = {"login": "during sign-ins", "login-crowded": f"during sign-ins, {stage.crowd.count:,} users stored"}
    for key in stage.pulses:
        for name in ("discovery", "introspection"):
            p99 = stage.pulse_p99_ms(key, name)
            if p99 is not None:
                met = _yes(p99 < PULSE_LIMIT_MS and not stage.pulse_troubles(key))
                rows.append([f"p99 of {name} {when[key]}", f"{p99:.1f} ms", "", "", "", f"< {PULSE_LIMIT_MS} ms", met])
    for figure in figures:
        if figure.p99_target_ms is not None:
            target = figure.p99_target_ms
            p99, limit = (max(sample.p99_ms for sample in samples) for samples in (figure.samples, figure.limits))
            met = _yes(p99 < target and not figure.troubles)
            rows.append([f"p99 of {figure.title}", f"{p99:.2f} ms", figure.limit_title, f"{limit:.2f} ms", "", f"< {target:g} ms", met])
    troubles = [f"{figure.key}: {trouble}" for figure in figures for trouble in figure.troubles]
    troubles += [f"probe: {trouble}" for key in stage.pulses for trouble in stage.pulse_troubles(key)]
    listed = "".join(f"\n- **{line.strip()[:600]}**" for line in troubles)
    notes = "".join(f"\n- {figure.title}: {figure.best.note}" for figure in figures if figure.best.note)
    notes += "".join(f"\n- {_waits(figure)}" for figure in figures if figure.p99_target_ms is not None)
    return _table(rows) + ("\n" + notes if notes else "") + ("\n\nNot to be believed:\n" + listed if troubles else "")


def _waits(figure):
    """Of each round: how long one waited mostly, nearly always and at most."""
    def shown(samples):
        return "; ".join(f"{sample.p50_ms:.2f}, {sample.p99_ms:.2f}, {sample.max_ms:.1f}" for sample in samples)
    return f"{figure.title}, median, 99th percentile and longest in ms: {shown(figure.samples)} (limit: {shown(figure.limits)})"


def start_and_memory(starts, memory):
    rows = [["", ""], ["start to ready, first start (new cluster)", f"{starts[0] * 1000:.0f} ms"]]
    again = starts[1:]
    listed = ", ".join(f"{seconds * 1000:.0f}" for seconds in again)
    rows.append(["start to ready, existing cluster", f"{min(again) * 1000:.0f} ms (of {listed})"])
    rows += [[name, f"{mib:.0f} MiB"] for name, mib in memory if mib is not None]
    return _table(rows)


def lists(measured):
    """Waits of the asker, so the server's time and the way through the loopback."""
    rows = [["list", "median", "longest", "bytes", f"< {LIST_LIMIT_MS} ms"]]
    for waits in measured.measured:
        met = _yes(waits.worst < LIST_LIMIT_MS and not waits.trouble)
        rows.append([waits.name, f"{waits.median:.1f} ms", f"{waits.worst:.1f} ms", f"{waits.size:,}", met])
    limit = measured.limit
    head = (
        f"{PEOPLE:,} people, {ENTRIES:,} entries of the log, 1,000,000 grants on objects; {ROUNDS} requests each, one at a time.\n"
        f"The plainest of them as a bare SELECT ({limit.name}) takes Postgres {limit.median:.2f} ms, at most {limit.worst:.2f}."
    )
    return f"{head}\n\n{_table(rows)}"


def costs(figures):
    rows = [["figure", "server", "Postgres", "load", "p99 under full load", "limit: load", "limit: Postgres"]]
    for figure in figures:
        best, limit = figure.best, figure.limit
        p99 = "–" if best.p99_ms is None else f"{best.p99_ms:.2f} ms"
        rows.append([figure.title, *map(_micros, (best.server_us, best.postgres_us, best.load_us)), p99,
                     *map(_micros, (limit.load_us, limit.postgres_us))])
    return _table(rows)


def rounds(figures):
    most = max(len(figure.samples) for figure in figures)
    rows = [["figure", *(f"round {number}" for number in range(1, most + 1))]]
    for figure in figures:
        pairs = zip(figure.limits, figure.samples)
        shown = [f"{_number(limit.per_second)} / {_number(sample.per_second)}" for limit, sample in pairs]
        rows.append([figure.title, *shown, *["–"] * (most - len(shown))])
    return _table(rows)


def _machine(stage):
    lines = [
        f"- date: {date.today().isoformat()}",
        f"- machine: {_processor()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB, {platform.system()} {platform.release()}",
        f"- commit: {_first_line(['git', 'describe', '--always', '--dirty'])}",
        f"- {stage.postgres.ask('SELECT split_part(version(), chr(44), 1)')}; {stage.postgres.durability()}",
        f"- {_first_line(['rustc', '--version'])}; {_wrk_version()}",
        f"- {stage.options.rounds} rounds of {stage.options.seconds} s; {stage.options.connections} connections (wrk), "
        f"{stage.options.families} families (refresh and pgbench), 8 sign-ins or registrations at a time",
    ]
    return "## Machine\n\n" + "\n".join(lines)


def _commands(stage, figures):
    lines = []
    for figure in figures:
        lines += [f"# {figure.key}", _shown(figure.limits[0].command, stage), _shown(figure.samples[0].command, stage)]
        if figure.key in stage.pulses:
            lines.append("# meanwhile: " + _shown(figure.samples[0].command, stage).replace("load-login", "probe"))
    rotation = stage.scene.folder / "rotate.sql"
    script = f"\n\n`$T/rotate.sql`, made from the statement that Postgres saw:\n\n```\n{rotation.read_text().strip()}\n```" if rotation.exists() else ""
    return "```sh\n" + "\n".join(lines) + "\n```" + script


def _shown(command, stage):
    repository = str(Path(__file__).resolve().parents[2])
    text = shlex.join(str(part) for part in command)
    programs = ((str(stage.baseline), "baseline"), (str(stage.server.binary), "portcullis"))
    for long, short in ((str(stage.scene.folder), "$T"), *programs, (repository + "/", "")):
        text = text.replace(long, short)
    return re.sub(r"'(\$T[^']*)'", r"\1", text)


def _table(rows):
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, "|" + " --- |" * len(rows[0]), *body])


def _number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"


def _micros(value):
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _yes(met):
    return "yes" if met else "**no**"


def _first_line(command):
    try:
        return run(command).output.splitlines()[0]
    except Exception:
        return f"{command[0]}: unknown"


def _wrk_version():
    # It says its version and ends with 1.
    line = run(["sh", "-c", "wrk -v 2>&1 | head -1"]).output.strip()
    return line.partition(" Copyright")[0]


def _processor():
    try:
        models = re.findall(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        models = []
    return models[0] if models else platform.processor() or platform.machine()


def _memory_gib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
