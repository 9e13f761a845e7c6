"""The work directory of a run: what a program may fill, and what is left of it afterwards, which is nothing."""

from __future__ import annotations

import os
import stat
from contextlib import suppress


def usage(folder: str, most: int) -> tuple[int, int]:
    """Return the bytes and the number of files and folders below a folder; counting stops above `most`.

    A folder that cannot be looked into, because its path is too long or its mode forbids it, counts as too many.
    """
    size = count = 0
    waiting = [folder]
    while waiting and count <= most:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    status = entry.stat(follow_symlinks=False)
                    size += status.st_blocks * 512
                    if stat.S_ISDIR(status.st_mode):
                        waiting.append(entry.path)
                    if count > most:
                        break
        except (FileNotFoundError, NotADirectoryError):
            continue  # it has gone meanwhile
        except OSError:
            return size, most + 1
    return size, count


def empty(folder: str) -> None:
    """Remove a folder whatever a program has left in it: other modes, links, paths too long to be written."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _empty(descriptor)
    finally:
        os.close(descriptor)
    with suppress(OSError):
        os.rmdir(folder)  # noqa: PTH106


def _empty(root: int) -> None:
    """Remove what lies below an open folder, without recursion: each folder's folders are moved up before it goes."""
    number = 0
    folders = _files_removed(root)
    while folders:
        name = folders.pop()
        with suppress(OSError):
            os.chmod(name, 0o700, dir_fd=root)
        try:
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=root)
        except OSError:
            continue
        try:
            for deeper in _files_removed(inner):
                number += 1
                moved = f".{number}"
                with suppress(OSError):
                    os.chmod(deeper, 0o700, dir_fd=inner)
                    os.rename(deeper, moved, src_dir_fd=inner, dst_dir_fd=root)
                    folders.append(moved)
        finally:
            os.close(inner)
        with suppress(OSError):
            os.rmdir(name, dir_fd=root)


def _files_removed(folder: int) -> list[str]:
    """Remove all but the folders in an open folder, and return the folders' names."""
    folders = []
    with os.scandir(folder) as entries:
        names = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in names:
        if is_folder:
            folders.append(name)
        else:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)
    return folders
