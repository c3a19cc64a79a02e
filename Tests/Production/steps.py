"""Writes the code blocks of README.md's production steps to files: `1.sh` holds those of step 1.

Usage: steps.py README FOLDER. A block without a command, such as an example of output, is left out.
"""

import re
import sys


def steps(text):
    """The blocks of each numbered step of the section, by its number."""
    section = text.split("\n## Set it up for production\n", 1)[1].split("\n## ", 1)[0]
    found = {}
    number = None
    block = None
    introduction = ""
    for line in section.splitlines():
        start = re.match(r"\*\*(\d+)\. ", line)
        if block is None and start:
            number = int(start.group(1))
            found[number] = []
        if line.startswith("```"):
            if block is None:
                block = []
                continue
            if number is not None and not introduction.endswith("printed:"):
                found[number].append("\n".join(block) + "\n")
            block = None
        elif block is not None:
            block.append(line)
        elif line:
            introduction = line
    return found


def main():
    readme, folder = sys.argv[1:]
    with open(readme, encoding="utf-8") as file:
        found = steps(file.read())
    if sorted(found) != list(range(1, len(found) + 1)):
        sys.exit(f"the steps are not numbered from 1 on: {sorted(found)}")
    for number, blocks in found.items():
        if blocks:
            with open(f"{folder}/{number}.sh", "w", encoding="utf-8") as file:
                file.write("\n".join(blocks))


main()
