#!/usr/bin/env python3
"""Holds the configuration's schema, and the examples, to JSON Schema draft 7 and 2020-12 both.

    drafts.py SCHEMA EXAMPLES-DIRECTORY

Exit code 77 (skipped) without python3-jsonschema.
"""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)


def faults(schema, examples):
    for draft in (jsonschema.Draft7Validator, jsonschema.Draft202012Validator):
        name = draft.META_SCHEMA["$schema" if "$schema" in draft.META_SCHEMA else "$id"]
        try:
            draft.check_schema(schema)
        except jsonschema.SchemaError as error:
            yield f"{name}: {error.message}"
            continue
        for path in examples:
            for error in draft(schema).iter_errors(json.loads(path.read_text())):
                yield f"{name}: {path}: {error.json_path}: {error.message}"
        if draft(schema).is_valid({"lns": {"a": {"listen": 5}}}):
            yield f"{name}: takes what is wrong"


def main(schema_path, examples_path):
    schema = json.loads(pathlib.Path(schema_path).read_text())
    examples = sorted(pathlib.Path(examples_path).glob("*.json"))
    found = list(faults(schema, examples))
    print("\n".join(found) or f"{len(examples)} examples hold under both drafts")
    return 1 if found or not examples else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
