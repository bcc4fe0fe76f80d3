"""Checks that schemas/events.schema.json describes what the sources emit, and that the page made of it is up to date.

usage: check.py REPOSITORY            says what is wrong, exit code 1
       check.py REPOSITORY --write    writes orchestrator/messages.md anew

A call of the log is found by its words: `log.notice("session.up", {{"user", ...}, ...})`. Held to the schema are its id,
its level and its fields, and the schema's ids and fields to the calls. The types are checked by the unit test
`lifecycle`, on the records themselves.
"""

import json
import re
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

SCHEMA = "schemas/events.schema.json"
PAGE = "orchestrator/messages.md"
CALL = re.compile(r"\b(?:log|log_|log\(\))\.(error|warning|notice|info|debug)\(")
RECORD = re.compile(r'LogLevel::(\w+),\s*"([a-z]+\.[a-z-]+)"')
ID = re.compile(r'"([a-z]+\.[a-z-]+)"')
FIELD = re.compile(r'\{\s*"([a-z][a-z0-9_]+)"\s*,')
AREAS = re.compile(r"kLogAreas\s*=\s*\{([^}]*)\}")


class Emitted(NamedTuple):
    where: str
    id: str
    level: str
    fields: set[str] | None  # None: not written out in the call


def arguments(text: str, begin: int) -> str:
    """What stands between the parenthesis at `begin` and its partner."""
    depth, at = 0, begin
    while True:
        match text[at]:
            case '"':
                at += 1
                while text[at] != '"':
                    at += 2 if text[at] == "\\" else 1
            case "(":
                depth += 1
            case ")":
                depth -= 1
                if depth == 0:
                    return text[begin + 1:at]
        at += 1


def emitted(repository: Path) -> Iterator[Emitted]:
    for path in sorted((repository / "orchestrator").rglob("*.cpp")):
        text = path.read_text()
        for call in CALL.finditer(text):
            where = f"{path.relative_to(repository)}:{text.count(chr(10), 0, call.start()) + 1}"
            inside = arguments(text, call.end() - 1)
            first, brace, rest = inside.partition("{")
            ids = ID.findall(first)
            if not ids:
                yield Emitted(where, "(no id that can be read)", call[1], None)
            for name in ids:
                yield Emitted(where, name, call[1], set(FIELD.findall(brace + rest)))
        for record in RECORD.finditer(text):
            where = f"{path.relative_to(repository)}:{text.count(chr(10), 0, record.start()) + 1}"
            yield Emitted(where, record[2], record[1], None)


def faults(repository: Path, schema: dict) -> Iterator[str]:
    described = schema["definitions"]
    areas = schema["properties"]["area"]["enum"]
    in_code = re.findall(r'"([a-z]+)"', AREAS.search((repository / "orchestrator/base/log.hpp").read_text())[1])
    if in_code != areas:
        yield f"{SCHEMA}: its areas are not kLogAreas of orchestrator/base/log.hpp: {areas}, {in_code}"
    if [entry["$ref"].removeprefix("#/definitions/") for entry in schema["oneOf"]] != list(described):
        yield f"{SCHEMA}: oneOf does not have each definition, in their order"
    told: dict[str, set[str]] = {name: set() for name in described}
    for call in emitted(repository):
        if call.id not in described:
            yield f"{call.where}: {call.id} is not described: add it to {SCHEMA}"
            continue
        entry = described[call.id]
        level = entry["properties"]["level"]["const"]
        if call.level != level:
            yield f"{call.where}: {call.id} is said at {call.level}; {SCHEMA} has {level}"
        known = set(entry["properties"]) - {"id", "level"}
        fields = known if call.fields is None else call.fields
        for name in sorted(fields - known):
            yield f"{call.where}: {call.id} has \"{name}\", which {SCHEMA} does not describe"
        for name in sorted(set(entry.get("required", [])) - fields):
            yield f"{call.where}: {call.id} lacks \"{name}\", which {SCHEMA} requires"
        told[call.id] |= fields | {"(said)"}
    for name, entry in described.items():
        if not told[name]:
            yield f"{SCHEMA}: nothing emits {name}"
            continue
        if entry["properties"]["id"]["const"] != name or name.split(".")[0] not in areas:
            yield f"{SCHEMA}: {name} is not the id that its definition has, or of no area"
        for field in sorted(set(entry["properties"]) - {"id", "level"} - told[name]):
            yield f"{SCHEMA}: {name} never has \"{field}\""


def page(schema: dict) -> str:
    lines = ["# Messages of keel2tpd", "",
             f"Made of `{SCHEMA}` by `tests/unit/events/check.py . --write`. {schema['description']}", "",
             "Levels: " + schema["properties"]["level"]["description"]]
    for area in schema["properties"]["area"]["enum"]:
        entries = {name: entry for name, entry in schema["definitions"].items() if name.split(".")[0] == area}
        if not entries:
            continue
        lines += ["", f"## {area}", "", "| id | level | what | fields |", "|---|---|---|---|"]
        for name, entry in entries.items():
            required = entry.get("required", [])
            fields = [field if field in required else f"{field}?"
                      for field in entry["properties"] if field not in ("id", "level")]
            what = f"**{entry['title']}.** {entry.get('description', '')}".strip().replace("|", "\\|")
            lines.append(f"| `{name}` | {entry['properties']['level']['const']} | {what} | {', '.join(fields)} |")
    meanings = {field: value["description"] for entry in schema["definitions"].values()
                for field, value in entry["properties"].items() if field not in ("id", "level")}
    lines += ["", "## Fields", "", "With `?`: not always there.", "", "| field | what |", "|---|---|"]
    lines += [f"| `{field}` | {meanings[field].replace('|', chr(92) + '|')} |" for field in sorted(meanings)]
    return "\n".join(lines) + "\n"


def main() -> int:
    repository = Path(sys.argv[1])
    schema = json.loads((repository / SCHEMA).read_text())
    if "--write" in sys.argv[2:]:
        (repository / PAGE).write_text(page(schema))
        return 0
    wrong = list(faults(repository, schema))
    if (repository / PAGE).read_text() != page(schema):
        wrong.append(f"{PAGE} is not what {SCHEMA} makes: tests/unit/events/check.py . --write")
    print("\n".join(wrong) or f"{len(schema['definitions'])} messages")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
