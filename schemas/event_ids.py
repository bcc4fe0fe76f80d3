"""The ids of events.schema.json as a C++ header. usage: event_ids.py SCHEMA HEADER"""

import json
import sys
from pathlib import Path

schema, header = map(Path, sys.argv[1:])
ids = sorted(json.loads(schema.read_text())["definitions"])
listed = "".join(f'    "{name}",\n' for name in ids)
header.write_text(f"""// Each event's id. Made by schemas/event_ids.py from {schema.name}.
#pragma once

#include <array>
#include <string_view>

namespace keel {{

inline constexpr std::array<std::string_view, {len(ids)}> kEventIds = {{
{listed}}};

}}  // namespace keel
""")
