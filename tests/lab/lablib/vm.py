"""Boots Debian's stock kernel in QEMU on this machine's own root filesystem.

The root filesystem is shared read-only over 9p under a tmpfs overlay, so that the guest has the same programs, the
same repository and the same build directory, and can harm nothing. A second, writable share carries the command in
and the exit code, reports and logs out. The kernel package is unpacked into a cache directory, never installed.
"""

import contextlib
import gzip
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent
INITRD_MODULES = ("virtio_pci", "9p", "9pnet_virtio", "overlay", "virtio_rng", "virtio_console")
MEMORY = 3072  # MiB, of one VM
BOOT_SECONDS = 900  # what a boot may take at most; 15 s are usual, minutes on a machine that is overloaded


class VmError(Exception):
    """The VM could not be started or did not come to an end by itself."""


class NotBooted(VmError):
    """It ended before it had begun with the command."""


def cache_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "keel2tp"


def kernel() -> tuple[Path, Path]:
    """The kernel image and its modules' directory; downloads and unpacks Debian's package on the first use."""
    root = cache_dir() / "kernel"
    if not (root / "complete").exists():
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root.parent) as work:
            fresh = Path(work) / "kernel"
            _unpack_kernel(Path(work), fresh)
            shutil.rmtree(root, ignore_errors=True)
            fresh.rename(root)
    (image,) = (root / "boot").glob("vmlinuz-*")
    return image, root / "lib/modules" / image.name.removeprefix("vmlinuz-")


def _unpack_kernel(work: Path, target: Path) -> None:
    print("lab: fetching Debian's kernel package (once)", file=sys.stderr, flush=True)
    arch = subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
    depends = subprocess.check_output(["apt-cache", "depends", f"linux-image-{arch}"], text=True)
    packages = [line.split()[-1] for line in depends.splitlines() if "Depends: linux-image" in line]
    if not packages:
        raise VmError("apt knows no linux-image package: run `apt-get update` first")
    # apt drops to the user _apt, who may not write here.
    subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", packages[0]],
                   cwd=work, check=True, stdout=subprocess.DEVNULL)
    (package,) = work.glob("*.deb")
    subprocess.run(["dpkg", "-x", package, target], check=True)
    (version,) = (target / "lib/modules").iterdir()
    subprocess.run(["depmod", "-b", target, version.name], check=True)
    (target / "complete").touch()


INIT = """#!/bin/busybox sh
b=/bin/busybox; nine="-t 9p -o trans=virtio,version=9p2000.L,msize=524288"
$b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t devtmpfs dev /dev
while read -r m; do $b insmod /mods/$m; done < /mods.list
$b mount $nine,ro,cache=loose host /root && $b mount -t tmpfs rw /rw && $b mkdir /rw/u /rw/w
$b mount -t overlay -o lowerdir=/root,upperdir=/rw/u,workdir=/rw/w root /new
n=/new; $b mount -t proc proc $n/proc; $b mount -t sysfs sys $n/sys; $b mount -t devtmpfs dev $n/dev
$b mkdir -p $n/dev/pts $n/dev/shm $n/lab $n/lib/modules/$($b uname -r)
$b mount -t devpts devpts $n/dev/pts; $b mount -t tmpfs run $n/run; $b mount -t tmpfs shm $n/dev/shm
$b mount --bind $n@MODULES@ $n/lib/modules/$($b uname -r); $b mount $nine lab $n/lab
exec $b switch_root /new /bin/bash @GUEST@
"""


def _initrd(work: Path, modules: Path) -> Path:
    root = work / "initrd"
    for name in ("bin", "proc", "sys", "dev", "root", "rw", "new", "mods"):
        (root / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox") or "/bin/busybox", root / "bin")
    names: list[str] = []
    for module in INITRD_MODULES:
        shown = subprocess.check_output(["modprobe", "-d", modules.parents[2], "-S", modules.name, "--show-depends",
                                         module], text=True)
        for line in shown.splitlines():
            path = Path(line.split()[1]) if line.startswith("insmod") else None
            if path and path.name not in names:
                shutil.copy(path, root / "mods")
                names.append(path.name)
    (root / "mods.list").write_text("".join(f"{name}\n" for name in names))
    init = root / "init"
    init.write_text(INIT.replace("@MODULES@", str(modules)).replace("@GUEST@", str(LAB / "guest")))
    init.chmod(0o755)
    paths = "\n".join(str(p.relative_to(root)) for p in [root, *sorted(root.rglob("*"))])
    archive = subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=root, input=paths.encode(),
                             stdout=subprocess.PIPE, check=True).stdout
    initrd = work / "initrd.gz"
    initrd.write_bytes(gzip.compress(archive, 1))
    return initrd


def _qemu(image: Path, initrd: Path, share: Path, name: str, cpus: int, memory: int) -> list[str]:
    def nine(path: Path, tag: str, more: str = "") -> list[str]:
        return ["-virtfs", f"local,path={path},mount_tag={tag},security_model=none,multidevs=remap{more}"]

    # KVM is often missing or broken where CI runs, and emulation is what the deadlines are made for.
    accel = os.environ.get("KEEL2TP_LAB_ACCEL", "tcg,thread=multi")
    # norandmaps: QEMU keeps its translations by virtual address, so a program that is where it was the last time starts
    # in half the time.
    return ["qemu-system-x86_64", "-accel", accel, "-cpu", "max", "-smp", str(cpus), "-m", str(memory), "-no-reboot",
            "-nodefaults", "-display", "none", "-monitor", "none", "-serial", f"file:{share / name}.console.log",
            "-device", "virtio-rng-pci", "-device", "virtio-serial-pci", "-chardev", "stdio,id=out,signal=off",
            "-device", "virtserialport,chardev=out,name=out", "-kernel", str(image), "-initrd", str(initrd),
            "-append", "console=ttyS0 quiet panic=-1 mitigations=off audit=0 net.ifnames=0 cryptomgr.notests=1 norandmaps "
            f"MACHINE={name}",  # the kernel gives its first program what it does not know itself, as environment
            *nine(Path("/"), "host", ",readonly=on"), *nine(share, "lab")]


def _to_stdout(octets: bytes) -> None:
    sys.stdout.buffer.write(octets)
    sys.stdout.buffer.flush()


def run(command: list[str], share: Path, seconds: float, *, name: str = "vm",
        write: Callable[[bytes], None] = _to_stdout, cpus: int = 2, memory: int = MEMORY) -> int:
    """Runs `command` as root in the guest, its output live to `write`, and returns its exit code.

    `share` is an existing directory: /lab inside; VMs with other names may have the same. `seconds` is the command's
    own limit; a boot has another. A VM that ends in its boot is tried once more.
    """
    (share / f"{name}.command").write_text(f"cd {shlex.quote(os.getcwd())}\nexec {shlex.join(command)}\n")
    image, modules = kernel()
    with tempfile.TemporaryDirectory(prefix="keel2tp-vm.") as work:
        initrd = _initrd(Path(work), modules)

        def once() -> int:
            return _Machine(_qemu(image, initrd, share, name, cpus, memory), share / name, seconds, write).run()

        try:
            return once()
        except NotBooted as error:
            print(f"lab: {error}\nlab: trying once more", file=sys.stderr, flush=True)
            return once()


class _Machine:
    """One run of QEMU: its output is passed on, its limits are kept by a thread, because reading blocks."""

    def __init__(self, qemu: list[str], stem: Path, seconds: float, write: Callable[[bytes], None]):
        """`stem`.booted, `stem`.exit and `stem`.console.log are what the guest leaves."""
        self._stem, self._seconds, self._write = stem, seconds, write
        self._too_long = ""
        for what in ("booted", "exit"):
            self._left(what).unlink(missing_ok=True)
        # An end of its standard input would unplug the port that the output comes through.
        self._qemu = subprocess.Popen(qemu, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self) -> int:
        """The command's exit code."""
        threading.Thread(target=self._keep_limits, daemon=True).start()
        try:
            while chunk := os.read(self._qemu.stdout.fileno(), 65536):
                self._write(chunk)
            status = self._qemu.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                self._qemu.kill()
            self._qemu.wait()
        code = self._left("exit")
        if code.exists() and code.read_text().strip():
            return int(code.read_text())
        raise self._failure(status)

    def _left(self, what: str) -> Path:
        return self._stem.with_name(f"{self._stem.name}.{what}")

    def _booted(self) -> bool:
        return self._left("booted").exists()

    def _keep_limits(self) -> None:
        seconds, what = float(BOOT_SECONDS), "did not boot"
        began, booted = time.monotonic(), False
        while self._qemu.poll() is None:
            if not booted and self._booted():
                booted, began, seconds, what = True, time.monotonic(), self._seconds, "was not done with its command"
            if time.monotonic() - began > seconds:
                self._too_long = f"{what} within {seconds:.0f} s"
                self._qemu.kill()
                return
            time.sleep(0.5)

    def _failure(self, status: int) -> VmError:
        by_itself = f"ended by signal {-status}" if status < 0 else f"ended with status {status}"
        when = "in the midst of its command" if self._booted() else "before it had booted"
        why = self._too_long or f"{when}: QEMU {by_itself}"
        console = self._left("console.log")
        tail = console.read_text(errors="replace")[-2000:] if console.exists() else ""
        kind = VmError if self._booted() or self._too_long else NotBooted
        return kind(f"the lab's VM {'' if self._too_long else 'ended '}{why}; its console says:\n{tail}")
