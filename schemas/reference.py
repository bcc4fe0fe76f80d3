#!/usr/bin/env python3
"""The configuration's reference, from its schema: reference.md beside this file, and keel2tp.json(5).

    reference.py page SCHEMA                 prints the page
    reference.py man SCHEMA EXAMPLE DATADIR  prints the manual page, with this file as its example
    reference.py --check PAGE SCHEMA         whether PAGE is what `page` prints; says what to do if not
"""
import json
import sys
import textwrap
from dataclasses import dataclass, field


@dataclass
class Option:
    name: str
    title: str
    description: str
    value: str          # "integer, 0 to 9000"
    inside: str         # the section that says what is in it, or ""
    needed: bool
    default: str        # JSON, or ""
    examples: list


@dataclass
class Section:
    title: str
    description: str
    choice: list        # exactly one of these options is needed
    options: list
    paths: list = field(default_factory=list)   # "lns.NAME.ppp"


class Reference:
    """Sections in the order in which the schema names them; a definition that is used twice is one section."""

    def __init__(self, schema):
        self.schema = schema
        self.sections = {}   # by the definition's name, or by path
        self.visit(schema, "", "")

    def followed(self, node):
        name = ""
        while "$ref" in node:
            name = node["$ref"].rsplit("/", 1)[1]
            beside = {key: value for key, value in node.items() if key != "$ref"}
            node = {**self.schema["definitions"][name], **beside}
        return node, name

    def visit(self, unresolved, path, key):
        node = self.schema["definitions"].get(key) or self.followed(unresolved)[0]
        section = Section(node["title"], node.get("description", ""), [], [])
        known = self.sections.setdefault(key, section)
        known.paths.append(path)
        if known is not section:
            return
        section.choice = [choice["required"][0] for choice in node.get("oneOf", [])]
        for name, member in node["properties"].items():
            section.options.append(self.option(name, member, node, path))
        for name, member in node["properties"].items():
            self.descend(member, f"{path}.{name}" if path else name)

    def descend(self, unresolved, path):
        node, name = self.followed(unresolved)
        if "properties" in node:
            self.visit(unresolved if name else node, path, name or path)
        elif isinstance(node.get("additionalProperties"), dict):
            self.descend(node["additionalProperties"], f"{path}.NAME")

    def option(self, name, unresolved, owner, path):
        node, _ = self.followed(unresolved)
        inside = self.section_of(unresolved, f"{path}.{name}" if path else name)
        default = "" if node.get("default", {}) == {} else json.dumps(node["default"])
        return Option(name, node["title"], node["description"], self.value(unresolved), inside,
                      name in owner.get("required", []), default, node.get("examples", []))

    def section_of(self, unresolved, path):
        node, name = self.followed(unresolved)
        if "properties" in node:
            return name or path
        if isinstance(node.get("additionalProperties"), dict):
            return self.section_of(node["additionalProperties"], f"{path}.NAME")
        return ""

    def value(self, unresolved):
        node, name = self.followed(unresolved)
        if name == "secret":
            return "secret"
        if "enum" in node:
            return "one of " + ", ".join(json.dumps(word) for word in node["enum"]) if len(node["enum"]) > 1 \
                else json.dumps(node["enum"][0])
        kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
        return " or ".join(self.kind(kind, node) for kind in kinds)

    def kind(self, kind, node):
        if kind == "array":
            return "list of: " + self.value(node["items"])
        if kind == "object" and isinstance(node.get("additionalProperties"), dict):
            return "object by name of: " + self.value(node["additionalProperties"])
        if kind in ("integer", "number") and "maximum" in node:
            return f"{kind}, {node['minimum']} to {node['maximum']}"
        return {"string": "text", "boolean": "true or false"}.get(kind, kind)


def heading(section):
    return ", ".join(path or "the file itself" for path in section.paths)


def requirement(option):
    if option.needed:
        return "required"
    return f"default {option.default}" if option.default else ""


def anchor(section):
    kept = (c for c in section.title.lower() + "-" + heading(section).lower() if c.isalnum() or c in " -_")
    return "".join(kept).replace(" ", "-")


def page(reference):
    out = ["# Every option of keel2tp's configuration", "",
           "Generated from [config.schema.json](config.schema.json) by reference.py; a test holds both together. The "
           "same is in keel2tp.json(5).", ""]
    for section in reference.sections.values():
        out += [f"## {section.title}: {heading(section)}", "", section.description, ""]
        if section.choice:
            out += ["Exactly one of " + ", ".join(f"`{name}`" for name in section.choice) + ".", ""]
        for option in section.options:
            about = "; ".join(filter(None, [option.value, requirement(option)]))
            more = ""
            if option.inside:
                target = reference.sections[option.inside]
                more = f" See [{target.title}](#{anchor(target)})."
            examples = ", ".join(f"`{json.dumps(example)}`" for example in option.examples)
            out.append(f"- **`{option.name}`** {option.title} ({about}). {option.description}{more}"
                       + (f" Example: {examples}." if examples else ""))
        out.append("")
    return "\n".join(out).rstrip() + "\n"


ESCAPES = str.maketrans({"\\": "\\e", "-": "\\-", "`": "\\(ga", "'": "\\(aq", "^": "\\(ha", "~": "\\(ti", '"': "\\(dq"})


def roff(text):
    """Text that mdoc takes literally, each sentence on a line of its own, wrapped."""
    lines = []
    for sentence in text.replace(". ", ".\n").split("\n"):
        lines += textwrap.wrap(sentence.translate(ESCAPES), 78, break_long_words=False, break_on_hyphens=False)
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in lines)


def word(text):
    """One argument of a macro."""
    return '"' + roff(text).replace("\n", " ") + '"'


MAN_HEAD = """.\\" Generated from schemas/config.schema.json by schemas/reference.py.
.Dd November 21, 2026
.Dt KEEL2TP.JSON 5
.Os
.Sh NAME
.Nm keel2tp.json
.Nd configuration of keel2tpd
.Sh DESCRIPTION
.Xr keel2tpd 8
reads one JSON file, usually
.Pa /etc/keel2tp/keel2tp.json ,
and makes what it says: L2TP servers and clients, each over IPsec unless asked
otherwise.
Nothing of a file with faults is done.
.Pp
.Dl keel2tpd \\-\\-check \\-\\-config /etc/keel2tp/keel2tp.json
.Pp
tells all faults at once, each as FILE:LINE:COLUMN: POINTER: MESSAGE.
.Xr keel2tp 1
plans and applies a changed file while the daemon runs.
.Pp
Below, NAME stands for a name of your choice; a path such as
.Ql lns.NAME.ppp
for the object
.Ql ppp
in the object NAME in the object
.Ql lns .
An editor that knows JSON Schema completes and checks what is typed when the
file begins with
.Pp
.Dl { \\(dq$schema\\(dq: \\(dq@SCHEMA@\\(dq,"""

MAN_EXAMPLE = """.Sh EXAMPLES
A server for clients with a pre\\-shared key:
.Bd -literal -offset indent
@EXAMPLE@
.Ed
.Pp
More are in
.Pa @EXAMPLES@ .
.Sh SEE ALSO
.Xr keel2tp 1 ,
.Xr keel2tpd 8"""


def man(reference, example, datadir):
    out = [MAN_HEAD.replace("@SCHEMA@", roff(f"{datadir}/config.schema.json"))]
    for section in reference.sections.values():
        out += [f".Sh {word(section.title.upper())}", ".Bd -ragged -compact",
                "Place:", f".Ql {word(heading(section))}", ".Ed", ".Pp", roff(section.description)]
        if section.choice:
            out += [".Pp", roff("Exactly one of " + ", ".join(section.choice) + ".")]
        out.append(".Bl -tag -width Ds")
        for option in section.options:
            about = "; ".join(filter(None, [option.value, requirement(option)]))
            out += [f".It Ic {word(option.name)} Pq {word(about)}", roff(option.title + ". " + option.description)]
            if option.inside:
                out += [".br", f"See the section {reference.sections[option.inside].title.upper()}."]
            if option.examples:
                out += [".br", roff("Example: " + " or ".join(json.dumps(e) for e in option.examples))]
        out.append(".El")
    out.append(MAN_EXAMPLE.replace("@EXAMPLES@", f"{datadir}/examples").replace(
        "@EXAMPLE@", example.rstrip().translate(ESCAPES)))
    return "\n".join(out) + "\n"


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "page":
        print(page(read(arguments[1])), end="")
        return 0
    if len(arguments) == 4 and arguments[0] == "man":
        with open(arguments[2], encoding="utf-8") as example:
            print(man(read(arguments[1]), example.read(), arguments[3]), end="")
        return 0
    if len(arguments) == 3 and arguments[0] == "--check":
        with open(arguments[1], encoding="utf-8") as held:
            same = held.read() == page(read(arguments[2]))
        if not same:
            print(f"{arguments[1]} is not what the schema says; run: python3 schemas/reference.py page "
                  "schemas/config.schema.json >schemas/reference.md")
        return 0 if same else 1
    print(__doc__, file=sys.stderr)
    return 2


def read(path):
    with open(path, encoding="utf-8") as file:
        return Reference(json.load(file))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
