#!/usr/bin/env python3
"""Measures what asking many servers at once costs beyond the servers themselves.

    python3 tests/live/time.py BINARY FOLDER [--runs 5] [NAME…]

FOLDER is what install.py filled, NAMEs are servers of its mcp.json; without any, twelve of ordinary weight. Told are medians:

    slowest    wall time of `BINARY inspect` for the slowest of them alone
    work/cores CPU time of all servers in the run together, by the number of cores
    together   wall time of all of them at once
    scanner    CPU time of the scanner's own process, apart from that of its servers
    others     what the rest of the machine took of its cores meanwhile; a run in which that is more than --others per cent
               says nothing and is made again, up to four times. On a machine that is never quiet, `--others 100` and
               `nice -n -19` in front help, and the second ratio counts only what the others left

Both are read from /proc/PID/stat when the scanner has ended and nobody has waited for it yet, in ticks of 10 ms. The
servers' is the sum over the children that it waited for, and theirs. Its watchdog, a copy of itself that sleeps, is among
the children; a program of its own that ends after its parent is in neither.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

USUAL = """npm__airtable-mcp-server npm__antv__mcp-server-chart npm__brave__brave-search-mcp-server npm__eslint__mcp
npm__mapbox__mcp-server npm__modelcontextprotocol__server-filesystem npm__modelcontextprotocol__server-memory
npm__tavily-mcp pypi__elevenlabs-mcp pypi__mcp-server-sqlite pypi__mcp-text-editor pypi__duckduckgo-mcp-server""".split()
TICK = os.sysconf("SC_CLK_TCK")


def stat(process):
    """CPU time of a process itself, and of its children that it has waited for."""
    with open("/proc/%d/stat" % process) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK, (int(fields[13]) + int(fields[14])) / TICK


def busy():
    """CPU time of the whole machine."""
    with open("/proc/stat") as file:
        user, nice, system, _idle, _wait, irq, soft = map(int, file.readline().split()[1:8])
    return (user + nice + system + irq + soft) / TICK


def run(binary, config, jobs):
    command = [binary, "inspect", config, "--launch", "all", "--timeout", "60", "--jobs", str(jobs)]
    started, before = time.monotonic(), busy()
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=nowhere)
        listed = process.stdout.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        wall, after = time.monotonic() - started, busy()
        # It has ended and nobody has waited for it: the figures of a zombie are final.
        own, servers = stat(process.pid)
        process.wait()
    others = max(0.0, after - before - own - servers) / wall / len(os.sched_getaffinity(0))
    return wall, own, servers, listed.count(b"\n"), 100 * others


def quiet(most, *what):
    """A run that was not disturbed, or the least disturbed one of several."""
    tries = []
    while len(tries) < 5:
        tries.append(run(*what))
        if tries[-1][4] <= most:
            break
        time.sleep(2)
    return min(tries, key=lambda figures: figures[4])


def median(runs):
    return [statistics.median(column) for column in zip(*runs)]


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("binary")
    words.add_argument("folder")
    words.add_argument("names", nargs="*")
    words.add_argument("--runs", type=int, default=5)
    words.add_argument("--others", type=float, default=5.0)
    given = words.parse_args()
    with open(os.path.join(given.folder, "mcp.json")) as file:
        servers = json.load(file)["mcpServers"]
    names = given.names or USUAL
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as scratch:

        def config(some):
            path = os.path.join(scratch, "%s.json" % "-".join(some)[:60])
            with open(path, "w") as file:
                json.dump({"mcpServers": {name: servers[name] for name in some}}, file)
            return path

        run(given.binary, config(names), len(names))  # Files into memory.
        alone = {name: median([quiet(given.others, given.binary, config([name]), 1) for _ in range(given.runs)]) for name in names}
        all_runs = [quiet(given.others, given.binary, config(names), len(names)) for _ in range(given.runs)]
    for name, (wall, own, work, _, others) in sorted(alone.items(), key=lambda item: item[1][0]):
        print("  alone %-50s wall %.2f s, servers %.2f s, scanner %.3f s, others %.0f %%" % (name, wall, work, own, others))
    together, own, work, listed, others = median(all_runs)
    slowest = max(figures[0] for figures in alone.values())
    bound = max(slowest, work / cores)
    print("together   %.2f s for %d servers (%s), %d listed, others %.0f %%" % (
        together, len(names), ", ".join("%.2f" % figures[0] for figures in all_runs), listed, others))
    print("slowest    %.2f s, work/cores %.2f s; together / the larger of both: %.3f (target 1.1)" % (
        slowest, work / cores, together / bound))
    left = max(slowest, work / cores / (1 - others / 100))
    print("           with only what others left of the cores: %.2f s, %.3f" % (left, together / left))
    print("scanner    %.3f s of CPU, servers %.2f s: %.2f %% (target 3 %%)" % (own, work, 100 * own / work))


if __name__ == "__main__":
    sys.exit(main())
