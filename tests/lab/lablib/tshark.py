"""tshark, the other decoder: what it makes of the L2TP messages in a capture, in the shape of tests/lab/tools/l2tp_pcap.

A message: frame, length, tunnel, session, ns, nr, type (None: a ZLB) and avps; an AVP: mandatory, hidden, vendor, type,
length, and leaves: the octets of the fields that tshark takes its value apart into, in hex.
"""

import json
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from .wait import PATIENCE

# What Wireshark 4.0 does not know: RFC 3301 (40 to 45), RFC 3308 (47, 48), RFC 3437 (49 to 52) and RFC 3573 (53, 54) are
# not in its table; those of RFC 4951 (76 to 79) are, with their names alone. It shows their octets and warns.
UNKNOWN = {*range(40, 46), *range(47, 55), *range(76, 80)}
WARNING = "Vendor-Specific AVP data"
LAYERS = {"geninfo", "frame", "eth", "ip", "udp", "l2tp"}


def dissect(capture: Path) -> list[dict[str, Any]]:
    """tshark's reading of each message; what it complains of is an AssertionError."""
    done = subprocess.run(["tshark", "-n", "-r", capture, "-T", "pdml"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
    assert done.returncode == 0, f"tshark ended with {done.returncode}: {done.stderr.decode(errors='replace')}"
    return [_message(packet) for packet in ElementTree.fromstring(done.stdout)]


def _message(packet: ElementTree.Element) -> dict[str, Any]:
    layers = {proto.get("name"): proto for proto in packet}
    frame = int(layers["geninfo"].find("field[@name='num']").get("show"))
    assert set(layers) == LAYERS, f"frame {frame}: tshark finds {sorted(layers)}"
    message: dict[str, Any] = {"frame": frame, "type": None, "avps": []}
    for field in layers["l2tp"]:
        name, avp = field.get("name"), field.find("field[@name='l2tp.avp.length']")
        if avp is not None:
            message["avps"].append(_avp(frame, field))
        elif name in ("l2tp.length", "l2tp.tunnel", "l2tp.session", "l2tp.Ns", "l2tp.Nr"):
            message[name.removeprefix("l2tp.").lower()] = int(field.get("show"))
        else:
            assert name in ("l2tp.flags", "l2tp.zero_length_body_message"), f"frame {frame}: tshark finds {field.attrib}"
    if message["avps"]:
        message["type"] = int(message["avps"][0]["leaves"][0], 16)
    return message


def _avp(frame: int, tree: ElementTree.Element) -> dict[str, Any]:
    mandatory, hidden, length, *rest = tree
    assert length.get("name") == "l2tp.avp.length"
    # Of a hidden AVP tshark shows these three alone; vendor and type are in the octets that it has cut out.
    octets = bytes.fromhex(tree.get("value"))
    avp = {"mandatory": mandatory.get("show") == "1", "hidden": hidden.get("show") == "1",
           "length": int(length.get("show")), "vendor": int.from_bytes(octets[2:4], "big"),
           "type": int.from_bytes(octets[4:6], "big"), "leaves": []}
    assert len(octets) == avp["length"] == int(tree.get("size")), f"frame {frame}: {tree.attrib}"
    if not avp["hidden"]:
        assert [int(field.get("value"), 16) for field in rest[:2]] == [avp["vendor"], avp["type"]]
        avp["leaves"] = [leaf for field in rest[2:] for leaf in _leaves(field)]
    for complaint in tree.iter("field"):
        if complaint.get("name") == "_ws.expert.message":
            assert WARNING in complaint.get("showname") and avp["vendor"] == 0 and avp["type"] in UNKNOWN, (
                f"frame {frame}, AVP {avp}: tshark says {complaint.get('showname')}")
    return avp


def _leaves(field: ElementTree.Element) -> list[str]:
    """The octets of a field; a group has none of its own, and what is within octets (LCP options, complaints) is not L2TP."""
    if field.get("value"):
        return [field.get("unmaskedvalue") or field.get("value")]
    return [leaf for child in field if not child.get("name").endswith(".res") for leaf in _leaves(child)]


def differences(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[str]:
    """Where l2tp_pcap and tshark read something else, one line each."""
    found = [f"messages: {len(ours)}, tshark {len(theirs)}"] if len(ours) != len(theirs) else []
    for own, other in zip(ours, theirs):
        where = f"frame {other['frame']}"
        if "fault" in own:
            found.append(f"{where}: {own['fault']}")
            continue
        for key in ("frame", "length", "tunnel", "session", "ns", "nr", "type"):
            if own[key] != other[key]:
                found.append(f"{where}: {key} {own[key]}, tshark {other[key]}")
        plain = [{key: value for key, value in avp.items() if key != "leaves"} for avp in other["avps"]]
        if own["avps"] != plain:
            found.append(f"{where}: AVPs {json.dumps(own['avps'])}, tshark {json.dumps(plain)}")
        found.extend(f"{where}: {line}" for line in _value_differences(own["values"], other["avps"]))
    return found


def _value_differences(values: list[dict[str, Any]], avps: list[dict[str, Any]]) -> list[str]:
    found = []
    left = list(values)
    for avp in avps:
        what = {"vendor": avp["vendor"], "type": avp["type"]}
        own = next((one for one in left if one.items() >= what.items()), None)
        if own is None:
            if what not in ({"vendor": 0, "type": 0}, {"vendor": 0, "type": 36}):  # Message Type, Random Vector
                found.append(f"AVP {what} was not decoded")
            continue
        left.remove(own)
        if not avp["hidden"] and (avp["vendor"], avp["type"]) not in {(0, kind) for kind in UNKNOWN}:
            if not _same(own["value"], avp["leaves"]):
                found.append(f"AVP {what}: {own['value']}, tshark {avp['leaves']}")
    return found + [f"AVP {one} is not there for tshark" for one in left]


def _same(value: Any, leaves: list[str]) -> bool:
    if isinstance(value, list):
        parts = [part for part in value if part not in (None, "")]
        return len(parts) == len(leaves) and all(_same(part, [leaf]) for part, leaf in zip(parts, leaves))
    if value is True:  # there, and without a value
        return not leaves
    if isinstance(value, str):
        return "".join(leaves) == value
    # Two flags of one number are two leaves with the whole number; otherwise they are parts of it, the highest first.
    return int("".join(leaves), 16) == value or {int(leaf, 16) for leaf in leaves} == {value}
