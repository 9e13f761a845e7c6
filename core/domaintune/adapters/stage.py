"""The last stage: from adapter and report to a package that plain peft can load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from domaintune import data, files
from domaintune.adapters import card, package
from domaintune.adapters.objects import digest_of
from domaintune.composition import routing
from domaintune.console import note
from domaintune.embedding import names as embedding
from domaintune.errors import ModelError
from domaintune.evaluation import contact_sheet
from domaintune.models import base as models
from domaintune.models import made, vision
from domaintune.plan import Plan
from domaintune.runs import Run, versions


def inputs(plan: Plan, run: Run) -> dict[str, Any]:
    """Return everything that the package and its card say."""
    return {
        "adapter": run.output("train", "adapter/adapter_model.safetensors"),
        "report": run.output("evaluation", "report.json"),
        "ledger": run.output("data", "ledger.json"),
        "index": _index_digest(run) if plan.uses_knowledge else None,
        "safety": plan.domain.safety,
        "preset": plan.preset,
        "embedder": _embedder(plan),
        "settings": package.portable(plan.settings.as_dict()),
        "samples": package.shows_samples(plan.settings),
    }


def work(plan: Plan, run: Run, folder: Path) -> dict[str, Any]:
    """Write the package into `folder`."""
    base = models.locate(plan.settings.model)
    tokenizer = models.load_tokenizer(base)
    package.copy_adapter(run.file("train/adapter"), folder, published_as=base.published_as, revision=base.revision)
    for name in ("train_log.jsonl", "training_loss.png"):
        (folder / name).write_bytes(run.file("train").joinpath(name).read_bytes())
    tokenizer.save_pretrained(folder)
    embedded = _embed(plan, run, folder)
    facts = _facts(plan, run, base, tokenizer)
    package.copy_pictures(facts.report, run.folder, folder)
    manifest = package.manifest(facts, folder)
    (folder / "README.md").write_text(card.write(manifest, facts.report), encoding="utf-8")
    files.write_json(folder / package.MANIFEST, manifest)
    return {
        "examples": embedded,
        "files": len(list(folder.iterdir())),
        "bytes": sum(path.stat().st_size for path in folder.iterdir()),
    }


def _embedder(plan: Plan) -> Any:
    """Return what tells which embedder will be used; a build of a base model in a folder fetches none."""
    name = embedding.chosen(plan.settings.pack.embedder, plan.settings.model)
    return {} if name == embedding.NONE else embedding.identity(name)


def _embed(plan: Plan, run: Run, folder: Path) -> int:
    """Leave the vectors of some training prompts beside the adapter, for routing; returns how many there are."""
    wanted = plan.settings.pack.embedder
    name = embedding.chosen(wanted, plan.settings.model)
    if name == embedding.NONE:
        if wanted != embedding.NONE:
            note(f"  `auto` will not choose this adapter: embedder {wanted!r} is not at hand")
        return 0
    from domaintune.embedding.local import Embedder  # noqa: PLC0415  (torch; only where something is embedded)

    try:
        embedder = Embedder.open(name)
    except ModelError as error:
        note(f"  `auto` will not choose this adapter: {error}")
        return 0
    count = files.read_json(run.file("data/ledger.json"))["kept"]["train"]
    prompts = routing.prompts_of(data.stream(run.file("data"), "train"), count)
    if not prompts:
        return 0
    routing.write(folder, routing.Routing(embedder.name, embedder.fingerprint, embedder.vectors(prompts)))
    return len(prompts)


def _knowledge(plan: Plan, run: Run) -> dict[str, Any] | None:
    """Return what the package says of the knowledge beside its model; the index itself stays with this machine."""
    if not plan.uses_knowledge:
        return None
    about = files.read_json(run.file("index/index.json"))
    used = plan.settings.retrieval
    told = {key: about[key] for key in ("knowledge", "retriever", "passages", "passages_sha256", "licenses")}
    return {**told, "digest": _index_digest(run), "k": used.k, "budget": used.budget}


def _index_digest(run: Run) -> str:
    return digest_of(run.stages["index"]["files"])


def _facts(plan: Plan, run: Run, base: models.BaseModel, tokenizer: Any) -> package.Facts:
    ledger = files.read_json(run.file("data/ledger.json"))
    return package.Facts(
        domain=plan.domain.name,
        summary=plan.domain.summary,
        safety=plan.domain.safety,
        license=plan.settings.pack.license,
        base=_base(plan, base),
        tokenizer=tokenizer,
        data={
            "builder": plan.builder.name,
            "sample": run.stages["data"]["counts"]["sample"],
            "train_sha256": run.output("data", "train.jsonl"),
            "test_sha256": run.output("data", "test.jsonl"),
            "rows_in": ledger["rows_in"],
            "kept": ledger["kept"],
            "dropped": ledger["counts"],
            "scrubbed": ledger.get("scrubbed", {}),
        },
        training=run.stages["train"]["counts"],
        settings=plan.settings.as_dict(),
        versions=versions(),
        report=_report(plan, run),
        knowledge=_knowledge(plan, run),
    )


def _report(plan: Plan, run: Run) -> dict[str, Any]:
    """Return the report as the package shows it: its samples, which hold data, only where they may be shown."""
    report: dict[str, Any] = files.read_json(run.file("evaluation/report.json"))
    if contact_sheet.chosen(report.get("samples", ())) and not package.shows_samples(plan.settings):
        why = "as pack.samples says" if plan.settings.pack.samples == "no" else "the data may be private"
        note(f"  samples with pictures are left out of the package: {why}; --set pack.samples=yes shows them")
        return {**report, "samples": []}
    return report


def _base(plan: Plan, base: models.BaseModel) -> dict[str, Any]:
    """Return which base model it is; of one that reads pictures also its parts, as no others fit the projector."""
    config = models.load_config(base)
    has_own_name = base.name == "starter" or made.find(plan.settings.model) is not None
    return {
        "name": base.name if has_own_name else base.published_as,
        "published_as": base.published_as,
        "revision": base.revision,
        "commit": models.commit(base),
        "fingerprint": models.fingerprint(base),
        **({"reads": "images", **vision.described(config)} if vision.reads_images(config) else {}),
    }
