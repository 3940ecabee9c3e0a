"""Fails if a line of the source or of the documentation has more than 100 columns."""

import re
import subprocess
import sys

COLUMNS = 100
# Not the mutants: their snippets are of source that is longer where a mutant makes it so.
FILES = ["*.rs", "*.md", "*.py", "*.toml", ":!verification/mutants.toml"]
# Being rewritten.
FILES += [":!examples/gateway"]
# A row of a table cannot be broken, nor can a link.
UNBREAKABLE = re.compile(r"\s*(//[/!]\s*)?(\||\S+$)")

wide = 0
for path in subprocess.check_output(["git", "ls-files", *FILES], text=True).splitlines():
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if len(line) > COLUMNS and not UNBREAKABLE.match(line):
                print(f"{path}:{number}: {len(line)} columns")
                wide += 1
sys.exit(wide > 0)
