"""The registry: which adapters there are, which version of each is in use, and why.

Everything is in one folder: `registry.db` (store.py) and `objects/`, the adapters by content hash (objects.py). A name
has at most one promoted version; the others are candidates, or retired. Nothing is ever deleted and no number is used
twice, so that `medical@3` means the same bytes for good.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from domaintune import files
from domaintune.adapters import rows, store
from domaintune.adapters import verdict as verdicts
from domaintune.adapters.admission import Admitted, Rules, admit
from domaintune.adapters.objects import Objects
from domaintune.adapters.refusals import AdmissionError
from domaintune.adapters.shape import BaseShape
from domaintune.adapters.versions import Event, Reference, Version, checked_name
from domaintune.errors import DomaintuneError, GateError, UsageError, nearest
from domaintune.home import registry_folder
from domaintune.models import base as models
from domaintune.settings import ModelSettings

DIGEST = re.compile(r"[0-9a-f]{64}")
BAND = 30.0
"""The norm of an adapter may be this much smaller or larger than those promoted for the same base."""


class Registry:
    """The adapters of this machine, or those below another folder; any number of processes may use it at once."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = registry_folder() if folder is None else folder
        self._store = store.Store(self._folder / "registry.db")
        self._objects = Objects(self._folder / "objects")
        self._knowledge = Objects(self._folder / "knowledge")

    def add(
        self, folder: Path, *, name: str, base: BaseShape, source: str = "", report: Mapping[str, Any] | None = None
    ) -> Version:
        """Admit a folder, copy it and make it a candidate; the same files under the same name are the same version.

        `report` is the report of an evaluation, where the folder brings none or there is a newer one.
        """
        name = checked_name(name)
        admitted = admit(folder, base, self.rules(base))
        verdict = _verdict(admitted, report)
        with self._store.writing() as db:
            known = [*rows.versions(db)]
            self._objects.sweep({version.digest for version in known})
            digest = self._objects.keep(folder, admitted.files)
            _remember(db, base)
            found = [version for version in known if (version.name, version.digest) == (name, digest)]
            if found:
                return _evaluated(db, found[0], verdict) if report is not None else found[0]
            number = 1 + max((version.number for version in known if version.name == name), default=0)
            serial = store.bump(db)
            version = _new(admitted, base, name=name, number=number, digest=digest, changed=serial)
            version = replace(version, source=rows.clean(source), verdict=verdict)
            rows.insert_version(db, version, admitted.manifest)
            rows.insert_event(db, serial, "added", version, "", source=version.source, digest=digest)
            return version

    def promote(self, text: str, *, override: str | None = None) -> Version:
        """Put a version in use; a bare name means its newest candidate.

        GateError where its evaluation does not show a gain, unless `override` says why it is promoted anyway.
        """
        reference = Reference.parse(text)
        with self._store.writing() as db:
            version = _candidate(db, reference)
            if version.state == "promoted":
                return version
            gate, why = _gate(version, override)
            self._refuse_damaged(version)
            former = _promoted(db, version.name)
            serial = store.bump(db)
            if former:
                rows.push_earlier(db, rows.update(db, former, serial, state="retired"))
            rows.insert_event(db, serial, "promoted", version, why or "", gate=gate, former=_number(former))
            return rows.update(db, version, serial, state="promoted", withdrawn=False, override=why)

    def rollback(self, name: str) -> Version:
        """Put back the version that was promoted before, passing over those retired by name; twice goes further back."""
        name = checked_name(name)
        with self._store.writing() as db:
            _refuse_unknown(db, name)
            former = _promoted(db, name)
            version = rows.pop_earlier(db, name, former)
            if version is None:
                raise UsageError(f"there is nothing to go back to: no other version of {name!r} was promoted before")
            self._refuse_damaged(version)
            serial = store.bump(db)
            if former:
                rows.update(db, former, serial, state="retired")
            rows.insert_event(db, serial, "rolled back", version, "", former=_number(former))
            return rows.update(db, version, serial, state="promoted")

    def retire(self, text: str, *, why: str = "") -> Version:
        """Take a version out of use for good: neither rollback nor a bare name comes back to it."""
        reference = Reference.parse(text)
        with self._store.writing() as db:
            if reference.number is None:
                known = _named(db, reference.name)
                raise UsageError(f"say which version of {text!r} to retire: {_ids(known)}")
            version = _numbered(db, reference)
            if version.withdrawn:
                return version
            serial = store.bump(db)
            rows.insert_event(db, serial, "retired", version, why, former=version.state)
            return rows.update(db, version, serial, state="retired", withdrawn=True)

    def find(self, text: str) -> Version:
        """Return a version by its id, or by a bare name the promoted one."""
        reference = Reference.parse(text)
        with self._store.reading() as db:
            if reference.number is not None:
                return _numbered(db, reference)
            known = _named(db, reference.name)
        promoted = [version for version in known if version.state == "promoted"]
        if not promoted:
            raise UsageError(
                f"no version of {text!r} is promoted ({_ids(known)}); name one, or: domaintune adapters promote {text}"
            )
        return promoted[0]

    def versions(self, name: str | None = None) -> list[Version]:
        """Return all versions, or those of a name, by name and number."""
        if name is not None:
            name = checked_name(name)
        with self._store.reading() as db:
            return rows.versions(db) if name is None else _named(db, name)

    def served(self) -> list[Version]:
        """Return every promoted version."""
        with self._store.reading() as db:
            return rows.versions(db, "state = 'promoted'")

    def serial(self) -> int:
        """Return a number that grows with every change: one cheap query."""
        with self._store.reading() as db:
            return store.serial(db)

    def history(self, name: str) -> list[Event]:
        """Return what happened to the versions of a name, oldest first."""
        name = checked_name(name)
        with self._store.reading() as db:
            _refuse_unknown(db, name)
            return rows.events(db, name)

    def manifest(self, version: Version) -> Mapping[str, Any] | None:
        """Return the manifest that a version brought: what its model card says."""
        with self._store.reading() as db:
            return rows.manifest(db, version)

    def folder(self, version: Version) -> Path:
        """Return the read-only folder of a version."""
        return self._objects.place(version.digest)

    def keep_knowledge(self, index: Path, hashes: Mapping[str, str]) -> str:
        """Copy an index folder, so that a server finds it when the run has gone; returns the digest of its files."""
        with self._store.writing():
            self._knowledge.sweep(self._knowledge.finished())
            return self._knowledge.keep(index, hashes)

    def knowledge(self, digest: str) -> Path | None:
        """Return the folder of an index that was kept, or None where it is not here."""
        place = self._knowledge.place(digest)
        return place if DIGEST.fullmatch(digest) and place.is_dir() else None

    def bases(self) -> dict[str, tuple[str, BaseShape]]:
        """Return (identity, shape) of every base model that is remembered, by fingerprint."""
        with self._store.reading() as db:
            return rows.bases(db)

    def base(self, fingerprint: str) -> BaseShape:
        """Return the base model with a fingerprint, as it was given last."""
        known = self.bases()
        if fingerprint not in known:
            raise UsageError(f"no adapter here is for a base model with the fingerprint {fingerprint!r}")
        return known[fingerprint][1]

    def rules(self, base: BaseShape) -> Rules:
        """Return what is asked of another adapter for a base model, from those that are promoted for it."""
        promoted = [version for version in self.served() if version.base == base.fingerprint]
        norms = [version.norm for version in promoted if version.norm]  # 0: its projector is all it changes
        band = (min(norms) / BAND, max(norms) * BAND) if norms else None
        return Rules(norms=band, approved_templates=frozenset(version.template for version in promoted))

    def verify(self, text: str | None = None) -> list[str]:
        """Hash and admit the stored folders again; returns a sentence for each version that is damaged."""
        return [sentence for version in self.chosen(text) for sentence in self._damage(version)]

    def chosen(self, text: str | None) -> list[Version]:
        """Return one version, all of a bare name, or all there are."""
        reference = Reference.parse(text) if text is not None else None
        if reference is None or reference.number is None:
            return self.versions(reference.name if reference else None)
        return [self.find(reference.text)]

    def _damage(self, version: Version) -> list[str]:
        found = self._objects.damage(version.digest, version.files)
        if not found:
            rules = Rules(approved_templates=frozenset({version.template}))
            try:
                admit(self.folder(version), self.base(version.base), rules)
            except AdmissionError as error:
                found = [str(error)]
        return [f"{version.id} is damaged: {'; '.join(found)}"] if found else []

    def _refuse_damaged(self, version: Version) -> None:
        found = self._objects.damage(version.digest, version.files)
        if found:
            raise DomaintuneError(
                f"{version.id} is damaged ({'; '.join(found)}) and cannot be promoted; "
                "add the same files again, which mends it"
            )


def _new(admitted: Admitted, base: BaseShape, **known: Any) -> Version:
    manifest = admitted.manifest or {}
    return Version(
        state="candidate",
        base=base.fingerprint,
        template=str(manifest.get("template_fingerprint", base.template)),
        added=rows.now(),
        source="",
        bytes=admitted.bytes,
        files=dict(admitted.files),
        rank=admitted.rank,
        targets=tuple(admitted.targets),
        parameters=admitted.parameters,
        dtype=admitted.dtype,
        norm=admitted.norm,
        projector=admitted.projector,
        **known,
    )


def _verdict(admitted: Admitted, report: Mapping[str, Any] | None) -> verdicts.Verdict | None:
    if report is None:
        return verdicts.verdict_of(admitted.manifest or {}, "domaintune.json")
    found = verdicts.verdict_of(report, "the given report")
    if found is None:
        raise UsageError(
            "the report compares no tuned model with its base over all items; give the report.json of a build"
        )
    return found


def _evaluated(db: sqlite3.Connection, version: Version, verdict: verdicts.Verdict | None) -> Version:
    """Keep another verdict of a version that is known already."""
    if verdict is None or verdict == version.verdict:
        return version
    serial = store.bump(db)
    rows.insert_event(db, serial, "evaluated", version, verdicts.summary(verdict))
    return rows.update(db, version, serial, verdict=verdict)


def _gate(version: Version, override: str | None) -> tuple[str, str | None]:
    """Return how the gate was passed, and why it was not asked, or refuse."""
    if override is not None and not override.strip():
        raise UsageError("--override needs a reason, which is recorded")
    met = verdicts.passed(version.verdict)
    if met and not version.withdrawn:
        return "passed", None
    if override is not None:
        return "overridden", rows.clean(override.strip())
    if version.withdrawn:
        raise GateError(f"{version.id} was retired by name; to promote it all the same, say why: --override WHY")
    raise GateError(
        f"{version.id} is not promoted: {verdicts.measured(version.verdict)}; it takes one metric that is 'better' and "
        f"none that is 'worse' (add it with --report report.json), or a reason: --override WHY"
    )


def _candidate(db: sqlite3.Connection, reference: Reference) -> Version:
    if reference.number is not None:
        return _numbered(db, reference)
    known = _named(db, reference.name)
    found = [version for version in known if version.state == "candidate"]
    if not found:
        raise UsageError(f"{reference.name!r} has no candidate to promote ({_ids(known)}); name a version")
    return found[-1]


def _numbered(db: sqlite3.Connection, reference: Reference) -> Version:
    known = _named(db, reference.name)
    for version in known:
        if version.number == reference.number:
            return version
    raise UsageError(f"there is no {reference.text}; of {reference.name!r} there are {_ids(known)}")


def _named(db: sqlite3.Connection, name: str) -> list[Version]:
    _refuse_unknown(db, name)
    return rows.versions(db, "name = ?", name)


def _refuse_unknown(db: sqlite3.Connection, name: str) -> None:
    known = [row["name"] for row in db.execute("SELECT DISTINCT name FROM versions ORDER BY name")]
    if name not in known:
        raise UsageError(
            f"there is no adapter {name!r}{nearest(name, known)}; adapters: {_few(known) or 'none; build or add one'}"
        )


def _promoted(db: sqlite3.Connection, name: str) -> Version | None:
    return next(iter(rows.versions(db, "name = ? AND state = 'promoted'", name)), None)


def _remember(db: sqlite3.Connection, base: BaseShape) -> None:
    identity = files.fingerprint(models.identity(ModelSettings(**base.settings)))
    if rows.bases(db).get(base.fingerprint) != (identity, base):
        store.bump(db)
        rows.remember_base(db, base, identity)


def _ids(versions: Iterable[Version]) -> str:
    return _few([f"{version.id} {version.state}" for version in versions])


def _few(words: list[str]) -> str:
    return ", ".join(words if len(words) <= 8 else [*words[:3], "…", *words[-4:]])


def _number(version: Version | None) -> int | None:
    return version.number if version else None
