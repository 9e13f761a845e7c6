"""The pictures of examples: each checked once, named by its content, and kept beside the rows of those that stay.

While a data set is made, its images have the names that they will have in its files, `images/<sha256>.png`, so that
nothing depends on where a picture lies; at the end they are paths and `data:` URLs again, which anybody can read.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domaintune import files
from domaintune.console import progress
from domaintune.contracts import IMAGE, Dropped, Example
from domaintune.data.lengths import CountTokens
from domaintune.data.text import digest
from domaintune.errors import DataError
from domaintune.images import ImageError, read
from domaintune.images.checking import ENDINGS, ending_of
from domaintune.images.naming import KEPT
from domaintune.images.reading import content_of, located, read_at

if TYPE_CHECKING:
    from domaintune.data.context import Context

REASON = "image"
FOLDER = "images"


class Album:
    """The pictures that examples name, each checked once."""

    def __init__(self) -> None:
        self._known: dict[str, str | ImageError] = {}  # by path, or by the hash of a URL
        self._readable: dict[str, str] = {}

    def checked(self, examples: Sequence[Example], context: Context) -> tuple[list[Example], list[Dropped]]:
        """Return the examples whose pictures are all good, and a Dropped for each row with a bad one.

        A row that became several examples loses all of them by one bad picture. The examples of a builder that reads no
        rows stand each for itself.
        """
        count = sum(bool(example.images) for example in examples)
        if not count:
            return list(examples), []
        check_choices(examples, f"data builder {context.builder!r}")
        kept: list[Example] = []
        bad: dict[Any, Dropped] = {}
        done = 0
        with progress("pictures", count) as show:
            for place, example in enumerate(examples):
                row = example.origin if context.asked else place
                try:
                    good = self._named(example, context) if example.images else example
                except ImageError as error:
                    dropped = Dropped(origin=example.origin, reason=REASON, detail=f"{error.reason}: {error}")
                    bad.setdefault(row, dropped)
                else:
                    kept.append(good)
                if example.images:
                    done += 1
                    show(done, count)
        if context.asked:
            kept = [example for example in kept if example.origin not in bad]
        return kept, list(bad.values())

    def counting(self, count: CountTokens | None) -> CountTokens | None:
        """Return a function that counts the tokens of examples whose images have the names of their files to be."""
        return None if count is None else lambda examples: count(self.readable(examples))

    def readable(self, examples: Iterable[Example]) -> tuple[Example, ...]:
        """Return the examples with images that can be read: paths and `data:` URLs."""
        return tuple(renamed(example, self._readable) for example in examples)

    def names(self, examples: Iterable[Example]) -> dict[str, str]:
        """Return the name in the files of each image of these examples, which `readable` has returned."""
        used = {image for example in examples for image in example.images}
        return {image: name for name, image in sorted(self._readable.items()) if image in used}

    def _named(self, example: Example, context: Context) -> Example:
        marks = sum(message["content"].count(IMAGE) for message in example.prompt)
        if marks not in {0, len(example.images)}:
            raise ImageError(
                "marks",
                f"the prompt has {marks} places for pictures ({IMAGE}) and {len(example.images)} pictures; mend the row",
            )
        folder = context.pictures_of(example.origin.source)
        return replace(example, images=tuple(self._name(image, folder) for image in example.images))

    def _name(self, image: str, folder: Path | None) -> str:
        """Return the name in the files of a picture, checked when it is first met."""
        url = image[:5].casefold() == "data:"
        place = None if url else located(image, folder)
        known = digest(image) if place is None else str(place)
        if known not in self._known:
            try:
                picture = read(image) if place is None else read_at(image, place)
            except ImageError as error:
                self._known[known] = error.with_traceback(None)
            else:
                name = f"{FOLDER}/{picture.sha256}{picture.suffix}"
                self._known[known] = name
                self._readable.setdefault(name, image if place is None else str(place))
        found = self._known[known]
        if isinstance(found, ImageError):
            raise ImageError(found.reason, str(found))
        return found


def check_choices(examples: Iterable[Example], whose: str) -> None:
    """Raise DataError where one has pictures and choices: no model can weigh these, and the evaluation is too late."""
    for example in examples:
        if example.images and example.choices:
            raise DataError(
                f"{whose}: {example.origin} has pictures and choices, between which models weigh texts only; write the "
                "choices into the question, and let the answer name one"
            )


def renamed(example: Example, names: Mapping[str, str]) -> Example:
    """Return an example with other names for its images; what is not named stays."""
    if not example.images:
        return example
    return replace(example, images=tuple(names.get(image, image) for image in example.images))


def keep(pictures: Mapping[str, str], folder: Path) -> None:
    """Put copies of the pictures into the folder under their names.

    No links: who edits his picture in place would edit the data set. Raises DataError where one is no longer what was
    checked.
    """
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    if pictures:
        (folder / FOLDER).mkdir(parents=True)
    for image, name in pictures.items():
        place = folder / name
        try:
            content = read(image).content if image[:5].casefold() == "data:" else content_of(Path(image))
            if hashlib.sha256(content).hexdigest() != place.stem:
                raise DataError(f"the picture {image[:200]!r} has changed while it was used; build again")
            place.write_bytes(content)
        except OSError as error:
            raise DataError(f"the picture {image[:200]!r} cannot be kept: {error.strerror or error}; mend it") from None


def with_paths(example: Example, folder: Path) -> Example:
    """Return an example of a data file with the paths of its pictures; DataError where one is missing."""
    return replace(example, images=tuple(_path(image, folder) for image in example.images))


def _path(image: str, folder: Path) -> str:
    if image[:5].casefold() == "data:":
        return image
    if not KEPT.fullmatch(image):
        raise DataError(
            f"a row in {str(folder)!r} names the picture {image[:200]!r}, which no data stage wrote; build it anew"
        )
    place = folder / image
    if not place.is_file():
        raise DataError(f"the picture {str(place)!r} is missing; build the data anew, or copy the run folder whole")
    return str(place)


def pictures_in(folder: str | None) -> dict[str, Any]:
    """Return what tells whether the pictures of `data.images` have changed: names, sizes and times, not the bytes.

    They may be many gigabytes. Raises DataError where there is no such folder.
    """
    if folder is None:
        return {}
    if not Path(folder).is_dir():
        raise DataError(f"data.images = {folder!r} is no folder; name the one in which the pictures lie")
    found: list[list[Any]] = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        linked = [
            name for name in folders if Path(place, name).is_symlink()
        ]  # not entered: only where they lead counts
        for path in (Path(place, name) for name in sorted([*names, *linked])):
            if not ending_of(path.name) or ending_of(path.name) in ENDINGS or path.name in linked:
                with suppress(OSError):  # gone since it was listed, or a link that leads nowhere
                    found.append([path.relative_to(folder).as_posix(), *_state(path)])
    return {"images": files.fingerprint(found)}


def _state(path: Path) -> list[Any]:
    """Return what changes with a file, and, of a link, with where it leads."""
    status = path.stat()
    leads = [str(path.readlink())] if path.is_symlink() else []
    return [*leads, *([] if path.is_dir() else [status.st_size, status.st_mtime_ns])]
