"""Has another implementation of varlink read our interface files: Debian's varlink-go.

usage: interface_files.py FILE…      exit code 77 (skipped) where it is not installed
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

GENERATOR = "varlink-go-interface-generator"


def fault(interface: Path) -> str:
    """What it says; nothing where it understood. Its exit code is 0 in any case."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(interface, folder)
        told = subprocess.run([GENERATOR, Path(folder) / interface.name], capture_output=True, text=True, check=False)
        if list(Path(folder).glob("*.go")):
            return ""
        return f"{interface}: {told.stdout}{told.stderr}"


def main() -> int:
    if not shutil.which(GENERATOR):
        print(f"{GENERATOR} is not installed")
        return 77
    faults = [said for path in sys.argv[1:] if (said := fault(Path(path)))]
    print("\n".join(faults) or "understood")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
