"""Run as a script: becomes one command that cannot outlive the process that asked for it.

A small program of its own rather than a `preexec_fn`, because it runs after exec, where no other thread can
hold a lock. The kernel sends the signal when the *thread* that started the child ends: start servers from a
thread that lives as long as they should.
"""

import ctypes
import json
import os
import signal
import struct
import sys
from pathlib import Path
from typing import Literal, TypedDict

#: How to stop being root, for programs that refuse it. "namespace": root outside is user 1000 inside, so that
#: files stay root's. "nobody": user 65534, who keeps the one capability to reach folders closed to others.
Identity = Literal["self", "namespace", "nobody"]
NOBODY = 65534

_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_CAP_AMBIENT = 1, 8, 47
_CLONE_NEWUSER = 0x10000000
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


class Order(TypedDict):
    command: list[str]
    parent: int
    death_signal: int
    identity: Identity
    folder: str


def leashed(
    command: list[str], folder: Path, *, death_signal: signal.Signals, identity: Identity = "self"
) -> list[str]:
    """The arguments that start `command` in `folder`, tied to the calling process."""
    order: Order = {
        "command": command,
        "parent": os.getpid(),
        "death_signal": int(death_signal),
        "identity": identity,
        "folder": str(folder),
    }
    return [sys.executable, "-I", "-S", __file__, json.dumps(order)]


def main(order: Order) -> None:
    os.chdir(order["folder"])
    libc = ctypes.CDLL(None, use_errno=True)
    if order["identity"] == "namespace":
        _enter_namespace(libc)
    elif order["identity"] == "nobody":
        _become_nobody(libc)
    _call(
        libc.prctl(_PR_SET_PDEATHSIG, order["death_signal"], 0, 0, 0), "prctl"
    )  # after: a new user clears it
    if os.getppid() != order["parent"]:
        sys.exit("The process that asked for this one has ended.")
    os.stat(".")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execv(order["command"][0], order["command"])  # noqa: S606 - the whole purpose


def _enter_namespace(libc: ctypes.CDLL) -> None:
    uid, gid = os.geteuid(), os.getegid()
    _call(libc.unshare(_CLONE_NEWUSER), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"1000 {uid} 1"), ("gid_map", f"1000 {gid} 1")):
        Path("/proc/self", name).write_text(text)


def _become_nobody(libc: ctypes.CDLL) -> None:
    _call(libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl")
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    bit = 1 << _CAP_DAC_OVERRIDE
    _call(libc.capset(header, struct.pack("6I", bit, bit, bit, 0, 0, 0)), "capset")
    _call(libc.prctl(_PR_CAP_AMBIENT, 2, _CAP_DAC_OVERRIDE, 0, 0), "prctl")


def _call(result: int, name: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
