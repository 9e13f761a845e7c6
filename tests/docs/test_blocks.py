"""What the pages show works: Python runs, commands parse, names and settings exist, links lead somewhere."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import typer
from pages import PAGES, ROOT, blocks, commands, name, spans

from domaintune import Example, Message, Origin
from domaintune.cli import COMMANDS, app
from domaintune.plan import make_plan
from domaintune.plugins import Catalog, catalog
from domaintune.settings import Settings, resolve

CHESS = ROOT / "examples/domaintune-chess"
STRANGERS = {"chess", "legal"}
PLANNED = {"serve"}
"""Verbs that a setting's description may announce."""
SECTIONS = ("model", "data", "lora", "train", "eval", "pack")
SETTING = re.compile(rf"^(?:--set '?)?((?:{'|'.join(SECTIONS)})\.[a-z_][\w.-]*)(?:=(.*?))?'?$")
FILE = re.compile(r"\.(jsonl|json|csv|toml|py|md|png|html)$")
PLACEHOLDER = re.compile(r"\b(?:NAME|COMMAND|DOMAIN|EVALUATOR|VERB)\b|…|\.\.\.")

COMMAND_LINES = sorted({(name(page), line) for page in PAGES for line in commands(page)})
NAMED_SETTINGS = sorted({match[0] for page in PAGES for span in spans(page) if (match := SETTING.match(span))})


def run_block(source: str, module: str, file: Path | None, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    made = ModuleType(module)
    made.__file__ = str(file or "docs/plugins.md")
    monkeypatch.setitem(sys.modules, module, made)
    exec(compile(source, str(made.__file__), "exec", dont_inherit=True), vars(made))
    return made


@pytest.fixture
def plugin_page(monkeypatch: pytest.MonkeyPatch, install: Callable[..., Catalog]) -> dict[str, ModuleType]:
    """Every Python block of docs/plugins.md, run, by the first name that it defines."""
    install(CHESS)
    found = {}
    for number, source in enumerate(blocks(ROOT / "docs/plugins.md", "python")):
        file = CHESS / "domaintune_chess/plugin.py" if "domaintune_domains" in source else None
        module = run_block(source, f"shown_{number}", file, monkeypatch)
        key = re.search(r"^(?:def|class) (\w+)", source, re.MULTILINE)
        found[key[1]] = module
    return found


def example(question: str, answer: str) -> Example:
    return Example(
        prompt=(Message(role="user", content=question),),
        completion=(Message(role="assistant", content=answer),),
        origin=Origin(source="made"),
    )


def test_the_python_of_the_plugin_page_runs(plugin_page: dict[str, ModuleType]) -> None:
    tests = {"test_the_plugin_keeps_its_promises", "test_a_row_becomes_this_example"}
    assert set(plugin_page) == {"OpeningOptions", "riddles", "plates", "Length", "Passes", "Half", *tests}
    plugin_page["test_a_row_becomes_this_example"].test_a_row_becomes_this_example()


def test_the_shown_grader_grades(plugin_page: dict[str, ModuleType]) -> None:
    from domaintune import Component
    from domaintune.evaluation import open_grader

    grader = open_grader(Component(name="length", summary="", load=lambda: plugin_page["Length"].Length), {})
    assert [score.value for score in grader.grade(example("a b c", "one two"), "one")] == [0.5]
    assert grader.floors([])["copy"](example("a b c", "one two")) == "a b c"


def test_the_shown_builder_builds(plugin_page: dict[str, ModuleType], tmp_path: Path) -> None:
    from domaintune.data.context import Context
    from domaintune.settings import DataSettings

    table = tmp_path / "riddles.csv"
    table.write_text("riddle,solution\nWhat has keys but no doors?,A piano\nWhat is it?,\n")
    context = Context("riddles", None, DataSettings(sources=(str(table),)), seed=0)
    examples, dropped = context.call(plugin_page["riddles"].riddles)
    assert [made.reference for made in examples] == ["A piano"]
    assert [item.reason for item in dropped] == ["no-answer"]


def test_the_shown_builder_of_pictures_builds(plugin_page: dict[str, ModuleType], tmp_path: Path) -> None:
    from PIL import Image

    from domaintune.data.context import Context
    from domaintune.settings import DataSettings

    for file, side in (("oak.png", 40), ("pine.png", 16)):
        Image.new("RGB", (side, side), "green").save(tmp_path / file)
    table = tmp_path / "plants.csv"
    table.write_text("file,name,family\noak.png,Oak,Beeches\npine.png,Pine,Pines\nelm.png,Elm,Elms\n")
    context = Context("plates", None, DataSettings(sources=(str(table),)), seed=0)
    (made,), dropped = context.call(plugin_page["plates"].plates)
    assert [message["content"] for message in made.completion] == ["Oak", "Of which family?", "Beeches"]
    assert [item.reason for item in dropped] == ["small", "image"]


def test_the_shown_tables_of_pictures_are_read(tmp_path: Path) -> None:
    from domaintune.data.context import Context
    from domaintune.settings import DataSettings
    from domaintune_multimodal.qa import picture_qa
    from domaintune_multimodal.qa_options import PictureQaOptions

    made = []
    for kind in ("csv", "jsonl", "json"):
        (shown,) = blocks(ROOT / "docs/multimodal.md", kind)
        table = tmp_path / f"table.{kind}"
        table.write_text(shown)
        options = PictureQaOptions(question="Describe the picture.")
        examples, dropped = Context("qa", options, DataSettings(sources=(str(table),)), seed=0).call(picture_qa)
        assert not dropped
        made.append([(len(found.images), found.question.count("<image>"), len(found.completion)) for found in examples])
    assert made == [[(1, 0, 1)] * 3, [(1, 0, 1)] * 2, [(1, 1, 3), (0, 0, 1)]]


def test_the_shown_base_model_is_made(
    plugin_page: dict[str, ModuleType], tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from domaintune.models.made import Made

    shown = plugin_page["Half"]
    monkeypatch.setattr(shown, "locate_model", lambda _: str(tiny))
    (offer,) = shown.domaintune_models()
    folder = Made(name=offer.name, maker=offer.load()()).get()
    assert json.loads((folder / "config.json").read_text())["num_hidden_layers"] == 1


def test_the_shown_settings_file_resolves(tmp_path: Path) -> None:
    for number, block in enumerate(blocks(ROOT / "docs/guide.md", "toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(block)
        make_plan(catalog(), "medical", file=file)


def test_the_pages_show_commands() -> None:
    assert len(COMMAND_LINES) > 20
    assert len(NAMED_SETTINGS) > 20


@pytest.mark.parametrize(("page", "line"), COMMAND_LINES)
def test_every_shown_command_parses_and_names_what_exists(page: str, line: str) -> None:
    words = shlex.split(line)[1:]
    if PLACEHOLDER.search(line.partition("--set")[0]) or words[0].startswith("-"):
        return
    verb, *arguments = words
    if verb in PLANNED and not arguments:
        return
    assert verb in COMMANDS, f"{page}: there is no command {verb!r}"
    if {"--help", "-h"} & set(arguments):
        return
    if arguments in ([], ["show"]) and verb not in {"plugins", "runs", "doctor"}:
        return  # the verb itself is meant, as in "`domaintune grade` runs any grader"
    command = typer.main.get_command(app()).commands[verb]
    given = command.make_context(verb, list(arguments)).params
    overrides = list(given.get("override") or [])
    if "evaluator" in given:
        catalog().component("evaluator", given["evaluator"])
    elif given.get("domain") and given["domain"] not in STRANGERS:
        domain = catalog().domain(given["domain"])
        resolve(domain, preset=given.get("preset"), overrides=[text for text in overrides if "FOLDER" not in text])


@pytest.mark.parametrize("key", NAMED_SETTINGS)
def test_every_named_setting_exists(key: str) -> None:
    match = SETTING.match(key)
    path, value = match[1], match[2]
    if FILE.search(path):
        return
    section, field, *rest = path.split(".")
    evaluators = set(catalog().names("evaluator"))
    if field == "NAME" or (section == "eval" and field in evaluators):
        return
    known = Settings().as_dict()[section]
    assert field in known, f"there is no setting {section}.{field}"
    assert not rest or isinstance(known[field], dict), f"{section}.{field} has no parts"
    if (section, field) == ("data", "options") and rest:
        builders = [catalog().component("data builder", name) for name in catalog().names("data builder")]
        assert any(rest[0] in builder.options.__dataclass_fields__ for builder in builders if builder.options)
    if value and not PLACEHOLDER.search(value):
        resolve(catalog().domain("medical"), overrides=[f"{path}={value}"])


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        place = page.parent / file if file else page
        assert place.exists(), f"{name(page)}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", place.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {_anchor(heading) for heading in headings}, f"{name(page)}: {target}"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_fit_the_width(page: Path) -> None:
    long = [
        line
        for line in re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL).splitlines()
        if len(line) > 125 and not line.startswith(("|", "    ", "- [")) and "](" not in line
    ]
    assert not long
