"""Manual pages from what the program and the README say themselves.

    python3 manual.py commands ./portald    portald(1), from the program's description of its commands
    python3 manual.py settings README.md    portald.env(5), from the README's table of settings

The description is what swift-argument-parser's own generator of manuals reads:
https://github.com/apple/swift-argument-parser/tree/main/Plugins/GenerateManual
"""
import json
import os
import re
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

REQUIREMENTS = {"required": "Required.", "one of these": "At least one of these is required.", "none": "Not set by default."}

# Said once for all commands.
COMMON = {"help", "version"}


def roff(text):
    """Text as groff prints it as it stands. https://man7.org/linux/man-pages/man7/man-pages.7.html"""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.splitlines())


def bold(text):
    return f"\\fB{roff(text)}\\fR"


def italic(text):
    return f"\\fI{roff(text)}\\fR"


def inline(markdown):
    """A cell or sentence of Markdown: `code` is bold, links keep their text."""
    markdown = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", " ".join(markdown.split()))
    parts = re.split(r"`([^`]+)`", markdown)
    return "".join(bold(part) if number % 2 else roff(part) for number, part in enumerate(parts))


def head(name, section, summary):
    date = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())), timezone.utc)
    return [f'.TH {name.upper()} {section} {date:%Y-%m-%d} portald', ".SH NAME", f"{roff(name)} \\- {roff(summary)}"]


# portald(1)


def commands(binary):
    described = subprocess.run([binary, "--experimental-dump-help"], check=True, capture_output=True)
    program = json.loads(described.stdout)["command"]
    lines = head("portald", 1, program["abstract"].rstrip("."))
    lines += [".SH SYNOPSIS", f"{bold('portald')} {italic('command')} [{italic('options')}]", ".SH DESCRIPTION"]
    discussion, exit_codes = program["discussion"].replace("The README lists them.", "See \\0.").split("Exit codes: ")
    lines.append(roff(discussion.strip()).replace("\\e0", reference("portald.env", 5)))
    lines += [".PP", f"Every command has {bold('--help')}; {bold('portald --version')} prints the version.", ".SH COMMANDS"]
    for command in leaves(program):
        lines += section_of(command)
    lines.append(".SH EXIT STATUS")
    for code, meaning in re.findall(r"(\d+) (.*?)(?=, \d+ |\.$)", exit_codes.strip()):
        lines += [".TP", bold(code), roff(meaning)]
    lines += [".SH FILES"]
    for path, what in [
        ("/etc/portald/portald.env", "Settings of the service; the secrets are not here."),
        ("/etc/portald/credentials/", "Its secrets: one file each, called like the setting."),
        ("/var/lib/portald/portald.db", "Its mirror."),
    ]:
        lines += [".TP", italic(path), roff(what)]
    lines += [".SH SEE ALSO", ", ".join([reference("portald.env", 5), reference("systemctl", 1), reference("journalctl", 1)])]
    return lines


def reference(page, section):
    return f"{bold(page)}({section})"


def leaves(command, path=()):
    """The commands that do something, with their full names."""
    for subcommand in command.get("subcommands", []):
        name = (*path, subcommand["commandName"])
        if subcommand["commandName"] == "help":
            continue
        if subcommand.get("subcommands"):
            yield from leaves(subcommand, name)
        else:
            yield subcommand | {"name": " ".join(name)}


def section_of(command):
    arguments = [argument for argument in command.get("arguments", []) if argument["shouldDisplay"]]
    arguments = [argument for argument in arguments if argument["valueName"] not in COMMON]
    usage = [bold(f"portald {command['name']}")] + [synopsis(argument) for argument in arguments]
    lines = [f".SS {roff(command['name'])}", " ".join(usage), ".PP", roff(command["abstract"])]
    if discussion := command.get("discussion"):
        lines += [".PP", roff(discussion)]
    for argument in arguments:
        lines += [".TP", label(argument), roff(argument.get("abstract") or "")]
        if default := argument.get("defaultValue"):
            lines[-1] += f" The default is {bold(default)}."
    return lines


def label(argument):
    value = italic(argument["valueName"])
    if argument["kind"] == "positional":
        return value
    name = argument["preferredName"]
    flag = bold(("--" if name["kind"] == "long" else "-") + name["name"])
    return flag if argument["kind"] == "flag" else f"{flag} {value}"


def synopsis(argument):
    text = label(argument) + (" ..." if argument["isRepeating"] else "")
    return f"[{text}]" if argument["isOptional"] else text


# portald.env(5)


def settings(readme):
    section = re.search(r"^## Settings\n(.*?)^## ", Path(readme).read_text(), re.DOTALL | re.MULTILINE).group(1)
    introduction = section.split("\n| ", 1)[0].strip()
    lines = head("portald.env", 5, "settings of portald") + [".SH DESCRIPTION", inline(introduction)]
    lines += [
        ".PP",
        inline(
            "The service reads this file and `/etc/portald/credentials/` again at `systemctl reload portald`. "
            "The file may be read by everybody: secrets belong into that folder, one file each, called like the setting."
        ),
        ".SH SETTINGS",
    ]
    for names, default, meaning in rows(section):
        lines += [".TP", ", ".join(bold(name) for name in names), inline(meaning)]
        lines.append(f".br\n{REQUIREMENTS.get(default) or f'Default: {inline(default)}.'}")
    lines += [".SH SEE ALSO", reference("portald", 1)]
    return lines


def rows(section):
    """The table's rows: names of settings, default, meaning."""
    for line in section.splitlines():
        if line.startswith("| `"):
            names, default, meaning = (cell.strip() for cell in line.strip().strip("|").split(" |", 2))
            yield re.findall(r"`([A-Z_]+)`", names), default, meaning or "The address."


if __name__ == "__main__":
    page, source = sys.argv[1:]
    print("\n".join({"commands": commands, "settings": settings}[page](source)))
