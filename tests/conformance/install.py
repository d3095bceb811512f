#!/usr/bin/env python3
"""Installs the official SDKs, one version for each revision of the protocol, for `tests/conformance.rs`.

    python3 tests/conformance/install.py FOLDER

FOLDER gets the SDKs, the servers of this folder, and `matrix.json`: which to start, and how. Then:

    MCPSCAN_CONFORMANCE=FOLDER cargo test --test conformance -- --nocapture

Needs `npm` and `uv` (with a Python 3.12 in reach). What is installed already stays.
"""

import json
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SDK = "@modelcontextprotocol/"
HTTP = [["http", "PORT"], ["http", "PORT", "json"], ["http", "PORT", "stateless"], ["http", "PORT", "stateless", "json"]]
OLD = [["stdio"], ["sse", "PORT"]]
SECOND = [
    ["stdio"],
    ["stdio", "reject"],
    ["http", "PORT"],
    ["http", "PORT", "json"],
    ["http", "PORT", "sse"],
    ["http", "PORT", "reject"],
    ["http", "PORT", "reject", "json"],
    ["http", "PORT", "reject", "sse"],
    ["sessions", "PORT"],
]
# The newest revision that it speaks, the version, what is started, and how. The first versions had no `instructions` yet.
NODE = [
    ("2024-11-05", [SDK + "sdk@1.6.1"], "first.mjs", OLD),
    ("2025-03-26", [SDK + "sdk@1.11.5"], "first.mjs", OLD + HTTP),
    ("2025-06-18", [SDK + "sdk@1.17.5"], "first.mjs", OLD + HTTP),
    ("2025-11-25", [SDK + "sdk@1.32.2"], "first.mjs", OLD + HTTP),
    ("2026-07-28", [SDK + "server@2.4.0", SDK + "node@2.1.2"], "second.mjs", SECOND),
]
PYTHON = [
    ("2024-11-05", "1.6.0", OLD),
    ("2025-03-26", "1.9.4", OLD + HTTP),
    ("2025-06-18", "1.12.4", OLD + HTTP),
    ("2025-11-25", "1.30.0", OLD + HTTP),
    ("2026-07-28", "2.3.0", OLD + HTTP),
]


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    rows = []
    for revision, packages, script, ways in NODE:
        here = folder / ("node-" + revision)
        here.mkdir(parents=True, exist_ok=True)
        if not (here / "node_modules").exists():
            (here / "package.json").write_text('{"private": true, "type": "module"}\n')
            options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(["npm", "install", *options, *packages], cwd=here, check=True)
        # Beside the packages, since modules are looked for from where they are.
        shutil.copyfile(HERE / script, here / script)
        rows += [row("node", revision, [shutil.which("node"), str(here / script)], way) for way in ways]
    for revision, version, ways in PYTHON:
        here = folder / ("python-" + revision)
        python = here / "bin/python"
        if not (here / "installed").exists():
            subprocess.run(["uv", "venv", "-q", "--clear", "--no-python-downloads", "--python", "3.12", here], check=True)
            packages = ["mcp==" + version, "uvicorn"]
            # The older ones reach into the inside of another library, which has changed.
            packages += ["pydantic<2.12"] if revision < "2025-11-25" else []
            subprocess.run(["uv", "pip", "install", "-q", "--python", python, *packages], check=True)
            (here / "installed").touch()
        rows += [row("python", revision, [str(python), str(HERE / "both.py")], way) for way in ways]
    (folder / "matrix.json").write_text(json.dumps(rows, indent=1) + "\n")
    print("%d rows in %s" % (len(rows), folder / "matrix.json"))


def row(language, revision, command, way):
    name = " ".join([language, revision, *(word for word in way if word != "PORT")])
    path = {"stdio": None, "sse": "/sse"}.get(way[0], "/mcp")
    return {"name": name, "command": command + way, "path": path}


if __name__ == "__main__":
    main()
