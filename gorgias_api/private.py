"""Files and folders for their owner only, whatever modes or links were there before."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

FILE, FOLDER = 0o600, 0o700
OTHERS = 0o077
REDIRECTED = frozenset({Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd")})
"""Folders whose links stand for open files: users name them to redirect what we write."""
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


def opened(path: Path, flags: int) -> int:
    """The descriptor of a file; a new one has mode 0600, and an old one gets it.

    Args:
        path: a symbolic link is refused; devices and pipes keep their modes, and so does whatever
            is in `REDIRECTED`.
        flags: as for `os.open`, without `O_TRUNC`: what is emptied must be checked first.

    Raises:
        OSError: it cannot be opened, is a link, or belongs to somebody else and is not private.
    """
    if path.parent in REDIRECTED:
        return os.open(path, flags, FILE)
    refuse_link(path)
    descriptor = os.open(path, flags | _NO_FOLLOW, FILE)
    try:
        _tighten(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def emptied(path: Path) -> int:
    """As `opened`, for writing to a file from its start; makes it if it is not there."""
    if path.parent in REDIRECTED:  # others write there too
        return opened(path, os.O_WRONLY | os.O_APPEND)
    descriptor = opened(path, os.O_WRONLY | os.O_CREAT)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.ftruncate(descriptor, 0)
    return descriptor


def tighten(path: Path) -> None:
    """Take a file that is there away from group and others; nothing happens if there is none.

    Raises:
        OSError: it is a link, or belongs to somebody else.
    """
    refuse_link(path)
    with suppress(FileNotFoundError):
        status = path.lstat()
        # Opened only if need be: closing a database's file drops the locks this process has on it.
        if stat.S_ISREG(status.st_mode) and status.st_mode & OTHERS:
            os.close(opened(path, os.O_RDONLY))


def refuse_link(path: Path) -> None:
    """Do nothing unless `path` is a symbolic link.

    Raises:
        OSError: it is one.
    """
    if path.is_symlink():
        raise OSError(errno.ELOOP, "it is a symbolic link", str(path))


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, each with mode 0700.

    Raises:
        OSError: it cannot be made, or is no folder.
    """
    missing = list(takewhile(lambda each: not each.exists(), (path, *path.parents)))
    for each in reversed(missing):
        each.mkdir(FOLDER, exist_ok=True)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def renamed(source: Path, goal: Path) -> None:
    """Give a file its name, in place of what had it, so that the name survives a loss of power.

    Raises:
        OSError: it cannot be renamed.
    """
    source.replace(goal)
    if os.name == "posix":
        with suppress(OSError):  # the file is there; some file systems cannot sync a folder
            folder = os.open(goal.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _tighten(descriptor: int) -> None:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode) and mode & OTHERS and os.name == "posix":
        os.fchmod(descriptor, stat.S_IMODE(mode) & ~OTHERS)
