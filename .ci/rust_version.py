"""Reads `cargo metadata`; fails if a run-time dependency needs a newer Rust than we declare."""

import json
import sys

metadata = json.load(sys.stdin)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
root = metadata["resolve"]["root"]


def version(package):
    parts = [int(part) for part in (package["rust_version"] or "0").split(".")]
    return parts + [0] * (3 - len(parts))


reached, todo = set(), [root]
while todo:
    package = todo.pop()
    if package not in reached:
        reached.add(package)
        todo += [
            dep["pkg"]
            for dep in nodes[package]["deps"]
            if any(
                kind["kind"] is None and "loom" not in (kind["target"] or "")
                for kind in dep["dep_kinds"]
            )
        ]

declared = version(packages[root])
for package in sorted(packages[p]["name"] for p in reached if p != root):
    print("run-time dependency:", package)
too_new = [packages[p]["name"] for p in reached if version(packages[p]) > declared]
if too_new:
    sys.exit(f"need a newer Rust than {packages[root]['rust_version']}: {', '.join(too_new)}")
