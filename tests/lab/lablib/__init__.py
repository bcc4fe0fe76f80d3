"""The lab's library: hosts, wires, daemons and how to wait for them. See ../README.md."""
