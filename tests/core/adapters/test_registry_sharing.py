"""Adapters that leave a registry and arrive in another are the same adapters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from adapting import GAIN, WEIGHTS, package, variant
from hub_stand_in import COMMIT, running

from domaintune import files
from domaintune.adapters import bases, hub, sharing
from domaintune.adapters.admission import AdmissionError
from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import BaseShape
from domaintune.adapters.sharing import Remote
from domaintune.adapters.versions import Version
from domaintune.errors import DomaintuneError, UsageError

PROGRAM = str(Path(sys.executable).with_name("domaintune"))


@pytest.fixture
def ours(tmp_path: Path, peft_folder: Path, tiny_shape: BaseShape) -> Registry:
    """A registry with reports@1 in use and reports@2 a candidate."""
    registry = Registry(tmp_path / "ours")
    for seed in (1, 2):
        folder = package(peft_folder, tmp_path / f"made-{seed}", tiny_shape, GAIN, seed)
        registry.add(folder, name="reports", base=tiny_shape)
    registry.promote("reports@1")
    return registry


def pulled(registry: Registry, remote: str, shape: BaseShape) -> Version:
    place = Remote.parse(remote)
    with sharing.arrived(place) as (folder, source):
        return registry.add(folder, name=sharing.name_in(place), base=shape, source=source)


def test_an_exported_folder_is_loaded_by_plain_peft(ours: Registry, tiny: Path, tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    version = ours.find("reports@1")
    folder = sharing.export(ours, version, tmp_path / "out")
    assert files.folder_hashes(folder) == version.files
    assert "README.md" in version.files
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny), folder)
    assert model.peft_config["default"].r == 2
    (folder / "README.md").write_text("mine now")
    assert ours.verify() == []


def test_nothing_is_overwritten_by_an_export(ours: Registry, tmp_path: Path) -> None:
    version = ours.find("reports@1")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("precious")
    (tmp_path / "file").write_text("precious")
    for place in ("full", "file"):
        with pytest.raises(UsageError, match="new"):
            sharing.export(ours, version, tmp_path / place)
    assert (tmp_path / "full/notes.txt").read_text() == (tmp_path / "file").read_text() == "precious"
    (tmp_path / "empty").mkdir()
    assert files.folder_hashes(sharing.export(ours, version, tmp_path / "empty")) == version.files


def test_a_damaged_version_does_not_leave(ours: Registry, tmp_path: Path) -> None:
    version = ours.find("reports@1")
    weights = ours.folder(version) / WEIGHTS
    weights.chmod(0o600)
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    for place in ("file:" + str(tmp_path / "share"), "hf:me/reports"):
        with pytest.raises(DomaintuneError, match="reports@1 is damaged"):
            sharing.push(ours, version, Remote.parse(place))
    with pytest.raises(DomaintuneError, match="reports@1 is damaged"):
        sharing.export(ours, version, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_registries_agree_about_what_went_through_a_shared_folder(
    ours: Registry, tmp_path: Path, tiny_shape: BaseShape
) -> None:
    share, theirs = tmp_path / "share", Registry(tmp_path / "theirs")
    remote = Remote.parse(f"file:{share}")
    for version in ours.versions():
        assert sharing.push(ours, version, remote) == str(share / version.id)
        assert sharing.push(ours, version, remote) == str(share / version.id)  # it is there already
        theirs_now = pulled(theirs, f"file:{share}/{version.id}", tiny_shape)
        same = ("id", "digest", "files", "base", "template", "verdict", "norm", "rank", "targets", "bytes")
        assert [getattr(theirs_now, key) for key in same] == [getattr(version, key) for key in same]
        assert (theirs_now.state, theirs_now.source) == ("candidate", f"file:{share}/{version.id}")
        assert theirs.manifest(theirs_now) == ours.manifest(version)
    assert theirs.promote("reports@1").state == "promoted"
    with pytest.raises(UsageError, match=r"name one of the adapters in .*: reports@1, reports@2"):
        pulled(theirs, f"file:{share}", tiny_shape)


def test_a_push_over_another_adapter_is_refused(ours: Registry, tmp_path: Path, peft_folder: Path) -> None:
    variant(peft_folder, tmp_path / "share/reports@1", seed=9)
    with pytest.raises(UsageError, match="holds another adapter"):
        sharing.push(ours, ours.find("reports@1"), Remote.parse(f"file:{tmp_path}/share"))


@pytest.mark.parametrize(
    "text", ["", "medical", "hf:", "hf:alone", "hf:../x", "hf:a/b/c", "hf:a/b@", "hf:a/b@../x", "file:", "file:a\0b",
             "https://example.org/a", "hf:" + "a" * 5000 + "/b", "s3://x/y", "hf:a/b\n"],
)  # fmt: skip
def test_a_strange_place_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="write hf:owner/repo, or file:FOLDER") as refused:
        Remote.parse(text)
    assert len(str(refused.value)) < 300


def cached(cache: Path, source: Path, repository: str) -> None:
    """Lay a folder into a hub cache, as huggingface_hub keeps it: links to blobs."""
    root = cache / f"models--{repository.replace('/', '--')}"
    (root / "refs").mkdir(parents=True)
    (root / "refs/main").write_text(COMMIT)
    (root / f"snapshots/{COMMIT}").mkdir(parents=True)
    (root / "blobs").mkdir()
    for file in source.iterdir():
        blob = root / "blobs" / files.sha256(file)
        shutil.copyfile(file, blob)
        (root / f"snapshots/{COMMIT}" / file.name).symlink_to(f"../../blobs/{blob.name}")


def test_a_repository_in_the_cache_is_added_without_a_network(
    tmp_path: Path, peft_folder: Path, tiny_shape: BaseShape, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = package(peft_folder, tmp_path / "made", tiny_shape, GAIN, 1)
    kept = files.folder_hashes(folder)
    (folder / "adapter_model.bin").write_bytes(b"\x80\x04.")  # not asked for, so not looked at
    cached(tmp_path / "cache", folder, "me/reports")
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    registry = Registry(tmp_path / "registry")
    version = pulled(registry, "hf:me/reports", tiny_shape)
    assert (version.id, version.source) == ("reports@1", f"hf:me/reports@{COMMIT}")
    assert version.files == kept
    with pytest.raises(DomaintuneError, match=r"hub repository 'me/other': .*HF_HUB_OFFLINE"):
        pulled(registry, "hf:me/other", tiny_shape)


def test_a_link_of_a_cache_that_leads_out_of_it_is_not_followed(
    tmp_path: Path, peft_folder: Path, tiny_shape: BaseShape, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached(tmp_path / "cache", peft_folder, "me/reports")
    weights = tmp_path / f"cache/models--me--reports/snapshots/{COMMIT}/{WEIGHTS}"
    weights.unlink()
    weights.symlink_to(peft_folder / WEIGHTS)
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(AdmissionError) as refused:
        pulled(Registry(tmp_path / "registry"), "hf:me/reports", tiny_shape)
    assert refused.value.code == "file_missing"


def test_a_push_to_the_hub_is_private_and_a_pull_brings_the_same_adapter(
    tmp_path: Path, ours: Registry, tiny_shape: BaseShape
) -> None:
    version = ours.find("reports@1")
    Registry(tmp_path / "there/registry").add(
        tmp_path / "made-2", name="other", base=tiny_shape
    )  # so the base is known
    with running() as hub_there:
        environment = {
            **os.environ, "HF_ENDPOINT": f"http://127.0.0.1:{hub_there.server_port}", "HF_HUB_OFFLINE": "0",
            "HF_TOKEN": "hf_" + "x" * 34, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1",
        }  # fmt: skip

        def domaintune(*words: str, home: str) -> str:
            done = subprocess.run(
                [PROGRAM, "adapters", *words], capture_output=True, text=True, check=False,
                env={**environment, "DOMAINTUNE_HOME": str(tmp_path / home)},
            )  # fmt: skip
            assert done.returncode == 0, done.stderr + "\n".join(hub_there.asked)
            return done.stdout

        (tmp_path / "here").mkdir()
        shutil.copytree(tmp_path / "ours", tmp_path / "here/registry")
        said = domaintune("push", "reports@1", "hf:me/reports-lora", home="here")
        assert said.startswith("reports@1 http://127.0.0.1:")
        assert hub_there.private == {"me/reports-lora": True}
        sent = hub_there.repositories["me/reports-lora"]
        assert set(sent) == set(version.files)
        sent["adapter_model.bin"] = b"\x80\x04."
        domaintune("pull", "hf:me/reports-lora", "--name", "reports", home="there")
        assert not [path for path in hub_there.asked if path.endswith(".bin")]
    arrived = Registry(tmp_path / "there/registry").find("reports@1")
    assert (arrived.digest, arrived.source) == (version.digest, f"hf:me/reports-lora@{COMMIT}")


def test_the_base_is_found_by_what_the_folder_says_or_has_to_be_said(
    ours: Registry, tmp_path: Path, peft_folder: Path, tiny: Path, tiny_shape: BaseShape
) -> None:
    assert bases.base_for(ours, tmp_path / "made-1") == tiny_shape
    plain = variant(peft_folder, tmp_path / "plain", 3)
    assert bases.base_for(ours, plain) == tiny_shape  # its configuration names the folder that is remembered
    empty = Registry(tmp_path / "empty")
    with pytest.raises(
        UsageError, match="say for which base model the adapter is: --base starter, a folder, a hub id or a"
    ):
        bases.base_for(empty, plain)
    assert bases.base_for(empty, plain, str(tiny)) == tiny_shape
    with pytest.raises(UsageError, match="nothing says it"):
        bases.base_for(empty, tmp_path / "nowhere")


def test_a_base_is_measured_once(ours: Registry, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bases, "measure", lambda _: pytest.fail("measured again"))
    assert bases.base_for(ours, Path("any"), str(tiny)).name == str(tiny)
    monkeypatch.chdir(tiny.parent)
    assert bases.base_for(ours, Path("any"), "tiny").settings["base"] == str(tiny)
