"""run_docs.py PAGE FOLDER: does what a page says, block by block, in a folder that
is emptied first: saves ```c FILE and ```cmake FILE, runs ```sh, and runs the `$`
lines of ```console, whose output has to be what follows them. `...` in an expected
line stands for any text, a line of it alone for any lines."""
import os
import pathlib
import re
import shutil
import subprocess
import sys


def fail(place, message):
    sys.exit("%s:%d: %s" % (place[0], place[1], message))


def read_blocks(page):
    """(line number, language, file name, lines) of each fenced block."""
    block = None
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if not line.startswith("```"):
            if block:
                block[3].append(line)
        elif block:
            yield block
            block = None
        else:
            language, _, name = line[3:].partition(" ")
            block = (number, language, name, [])
    if block:
        fail((page, block[0]), "the block has no end")


def run(command, folder, place):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    if done.returncode:
        fail(place, "%s\nexit code %d\n%s" % (command, done.returncode, done.stdout))
    return done.stdout


def matches(expected, output):
    pattern = "".join("(.*\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + "\n"
                      for line in expected)
    return re.fullmatch(pattern, output if not output or output.endswith("\n") else output + "\n")


def run_console(lines, folder, place):
    commands = []
    for line in lines:
        if line.startswith("$ "):
            commands.append((line[2:], []))
        elif commands:
            commands[-1][1].append(line)
        else:
            fail(place, "output before the first command")
    for command, expected in commands:
        output = run(command, folder, place)
        if not matches(expected, output):
            fail(place, "%s\nprinted\n%sand not\n%s" % (command, output, "\n".join(expected)))
    return len(commands)


def main():
    page, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    counts = {"saved": 0, "run": 0, "checked": 0}
    for number, language, name, lines in read_blocks(page):
        place = (os.path.basename(page), number)
        if language in ("c", "cmake"):
            if not name:
                fail(place, "a block of %s needs the name of a file" % language)
            (folder / name).write_text("\n".join(lines) + "\n")
            counts["saved"] += 1
        elif language == "sh":
            run("\n".join(lines), folder, place)
            counts["run"] += 1
        elif language == "console":
            counts["checked"] += run_console(lines, folder, place)
        else:
            fail(place, "nothing is known of a block of '%s'" % language)
    print(", ".join("%d %s" % (count, what) for what, count in counts.items()))


main()
