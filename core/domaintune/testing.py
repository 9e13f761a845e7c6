"""The test kit for plugin authors: the promises of a plugin in one line, and a tiny model that downloads nothing.

from domaintune.testing import check_plugin

def test_the_plugin_keeps_its_promises():
    check_plugin("chess", "domaintune_chess.plugin")
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import pickle
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from domaintune import prompts
from domaintune.contracts import (
    Component,
    DataBuilder,
    Domain,
    Dropped,
    Example,
    Message,
    Origin,
    Passage,
    Score,
    Shard,
)
from domaintune.data import bulk, parts
from domaintune.data.context import Context
from domaintune.errors import DataError, DomaintuneError, SandboxError
from domaintune.evaluation.grading import enter_sandbox, open_grader
from domaintune.files import folder_hashes
from domaintune.hookspecs import GROUP
from domaintune.parts import opened
from domaintune.plan import make_plan
from domaintune.plugins import Catalog, Offer, catalog, offers
from domaintune.settings import DataSettings, SandboxSettings

HEAVY = ("torch", "transformers", "trl", "peft", "datasets", "faiss")
"""Libraries that only a part's `load` may import."""
ROWS, SHARDS = 200, 20
"""Rows of a builder's own sample, and shards of either side, that are made to check it."""
RENDERED = 20
"""Examples of a builder that are turned into tokens."""

TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")


def check_plugin(name: str, module: str) -> None:
    """Assert what users may expect of a plugin; `name` is its entry point and `module` what that names.

    It imports nothing heavy and prints nothing, its offers carry its name, every part of its domains exists, every
    preset resolves, every option is documented, equal seeds build equal data and knowledge, examples render as a model
    is asked, equal passages are indexed alike and found alike, and grading is pure.
    """
    _check_light(module)
    own = offers(EntryPoint(name, module, GROUP))
    assert own, f"{module} offers nothing; are its hooks there, and marked with @hookimpl?"
    for offer in own:
        _check_name(name, offer)
    known = _beside_others(name, own)
    builders = [offer.record for offer in own if offer.kind == "data builder" and isinstance(offer.record, Component)]
    examples = {builder.name: _check_builder(builder) for builder in builders}
    for offer in own:
        if isinstance(offer.record, Domain):
            _check_domain(offer.record, known)
        elif offer.kind == "retriever":
            _check_retriever(offer.record)
        elif offer.kind == "evaluator":
            _check_evaluator(offer.record, _items_of(offer.record.name, own, examples))


def _check_light(module: str) -> None:
    """Import the plugin and ask its hooks in a process of its own."""
    script = (
        "import sys\nfrom importlib.metadata import EntryPoint\nfrom domaintune.plugins import offers\n"
        f"offers(EntryPoint('plugin', {module!r}, {GROUP!r}))\n"
        f"sys.stderr.write(' '.join(sorted(set({HEAVY!r}) & set(sys.modules))))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(  # noqa: S603  (our own interpreter)
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, f"{module} cannot be loaded:\n{done.stderr}"
    assert not done.stdout, f"{module} prints when it is imported: {done.stdout!r}"
    assert not done.stderr.strip(), f"{module} imports {done.stderr.strip()}; import it behind a part's load"


def _check_name(plugin: str, offer: Offer) -> None:
    record = offer.record
    assert record.name == plugin or record.name.startswith(f"{plugin}-"), (
        f"{offer.kind} {record.name!r} must be named {plugin!r}, or begin with '{plugin}-', so that names do not clash"
    )
    assert record.summary.strip(), f"{offer.kind} {record.name!r} needs a summary"
    if isinstance(record, Component) and record.options is not None:
        _check_options(record.name, record.options)


def _check_options(name: str, kind: type[Any]) -> None:
    assert dataclasses.is_dataclass(kind), f"the options of {name!r} must be a dataclass"
    assert kind.__dataclass_params__.frozen, f"the options of {name!r} must be a frozen dataclass"  # type: ignore[attr-defined]
    for field in dataclasses.fields(kind):
        assert field.metadata.get("doc"), f"option {field.name!r} of {name!r} needs metadata={{'doc': …}}"
    kind()  # every option has a default


def _beside_others(name: str, own: Sequence[Offer]) -> Catalog:
    """Return the plugin's offers beside those of all other plugins; a name that is taken raises PluginError."""
    found = Catalog()
    found.add(offer for offer in catalog().offers.values() if offer.owner != name)
    found.add(own)
    return found


def _check_domain(domain: Domain, known: Catalog) -> None:
    parts = [("data builder", domain.data), *(("evaluator", name) for name in domain.evaluators)]
    parts += [("data builder", domain.knowledge)] if domain.knowledge else []
    parts += [("retriever", domain.retriever)] if domain.retriever else []
    parts += [("composer", domain.composer)] if domain.composer else []
    for kind, part in parts:
        known.component(kind, part)
    for preset in (None, *domain.presets):
        try:
            make_plan(known, domain.name, preset=preset)
        except DomaintuneError as error:
            raise AssertionError(f"preset {preset!r} of domain {domain.name!r} does not resolve: {error}") from error


def _check_builder(builder: Component[Any]) -> list[Example]:
    """Build twice from the builder's own sample; a builder that reads rows and has none is not run."""
    if _is_of_knowledge(builder):
        _check_knowledge(builder)
        return []
    first, second = _built(builder), _built(builder)
    if first is None:
        return []
    assert first == second, f"data builder {builder.name!r} gave two data sets for one seed; draw from context.rng only"
    examples = first[0]
    assert examples, f"data builder {builder.name!r} makes no example of its own sample"
    said = (message["content"] for example in examples for message in example.completion)
    assert all(example.completion for example in examples) and all(text.strip() for text in said), (  # noqa: PT018
        f"{builder.name!r} yields an empty completion"
    )
    _check_rendering(builder.name, examples[:RENDERED])
    return examples


def _context(builder: Component[Any]) -> Context:
    options = builder.options() if builder.options else None
    return Context(builder.name, options, DataSettings(limit=ROWS), seed=0)


def _is_of_knowledge(builder: Component[Any]) -> bool:
    """Tell whether a builder yields passages, by the first thing that it makes of its own sample."""
    try:
        made = islice(builder.load()(_context(builder)), ROWS)
        return isinstance(next((item for item in made if not isinstance(item, Dropped)), None), Passage)
    except DataError:
        return False


def _check_knowledge(builder: Component[Any]) -> None:
    first, second = (list(_context(builder).passages(builder.load(), [])) for _ in range(2))
    assert first == second, (
        f"data builder {builder.name!r} gave other passages for one seed; draw from context.rng only"
    )
    assert all(passage.text.strip() for passage in first), f"{builder.name!r} yields an empty passage"
    assert all(passage.origin.source for passage in first), f"{builder.name!r} yields a passage without an origin"


def _check_retriever(part: Component[Any]) -> None:
    """Index a few passages twice and search them; one whose summary says that it asks a model is not run."""
    if _ASKS.search(part.summary):
        return
    found = []
    with tempfile.TemporaryDirectory() as work:
        for name in ("first", "second"):
            folder = Path(work) / name
            folder.mkdir()
            retriever = opened(part, {}, "options")
            retriever.index(_PASSAGES, folder, None)
            finder = retriever.open(_PASSAGES, folder)
            hits = [finder.search(query, 2) for query in ("Where is Paris?", "nothing of the kind", "")]
            assert all(len(some) <= 2 for some in hits), f"retriever {part.name!r} gave more passages than asked for"
            found.append((folder_hashes(folder), [list(some) for some in hits]))
    assert found[0] == found[1], f"retriever {part.name!r} indexes or finds the same passages differently"


def _built(builder: Component[Any]) -> tuple[list[Example], list[Dropped]] | None:
    """Return what a builder makes of its own sample, or of some of its shards on each side; None where it has none."""
    context = _context(builder)
    try:
        examples, dropped = context.call(builder.load())
    except DataError:
        if context.asked and context.sample is None:
            return None
        raise
    for side in ("train", "test"):
        shards = [shard for shard in bulk.limited(context.shards, ROWS) if shard.side == side]
        for shard in shards[:: max(1, len(shards) // SHARDS)]:
            sent: Shard = pickle.loads(pickle.dumps(shard))  # noqa: S301  (our own bytes, as for another process)
            examples += parts.examples(sent)[:ROWS]
    return examples, dropped


def _check_rendering(builder: str, examples: Sequence[Example]) -> None:
    """Ask what a model would be asked, with a chat template: no word of question or answer may be lost on the way."""
    for example in examples:
        roles = [message["role"] for message in example.prompt]
        turns = roles[1:] if roles[:1] == ["system"] else roles
        assert turns[-1:] == ["user"], f"data builder {builder!r}: a prompt ends with the user's message, not {roles}"
        assert set(turns) <= {"user", "assistant"}, f"data builder {builder!r}: no chat has the roles {roles}"
        speakers = [message["role"] for message in example.completion]
        assert {speakers[0], speakers[-1]} == {"assistant"} <= set(speakers) <= {"user", "assistant"}, (
            f"data builder {builder!r}: a completion is what the assistant says, first and last: {example.completion}"
        )
    if find_spec("transformers") is None:  # the light install, in which nothing can be rendered
        return
    texts = [message["content"] for example in examples for message in (*example.prompt, *example.completion)]
    tokenizer = _tiny_tokenizer(texts, prompts.PLAIN_TEMPLATE)
    for example in examples:
        ids = prompts.exchange_ids(tokenizer, example.prompt, example.completion)  # a marker stands for a picture
        said = [(message["content"], ids.completion) for message in example.completion]
        for text, rendered in ((example.question, ids.prompt), *said):
            assert text.strip() in tokenizer.decode(rendered), (
                f"{builder!r} does not render: {text!r} is not in the tokens"
            )
        assert ids.prompt == prompts.prompt_ids(tokenizer, example.prompt), f"{builder!r} trains on what is not asked"


def _items_of(evaluator: str, own: Sequence[Offer], examples: dict[str, list[Example]]) -> list[Example]:
    """Return examples of a domain that uses the evaluator, or a made one."""
    domains = [offer.record for offer in own if isinstance(offer.record, Domain)]
    fitting = (examples.get(domain.data, []) for domain in domains if evaluator in domain.evaluators)
    return next(filter(None, fitting), [])[:3] or [_MADE]


def _check_evaluator(evaluator: Component[Any], items: Sequence[Example]) -> None:
    """Grade the same answers twice; a grader whose summary says that it asks a model is not run."""
    grader = open_grader(evaluator, {})
    if _ASKS.search(evaluator.summary):
        return
    try:
        enter_sandbox([grader], SandboxSettings())
    except SandboxError:
        return  # nothing that it grades can be run on this machine
    try:
        own = list(grader.own_items())[:3]
    except DataError:
        return  # its items are a file or a hub dataset that is not at hand
    items = own or [*items, *list(grader.items(items))[:3]]
    for item in items:
        for answer in ("", "something else", item.reference):
            first, second = grader.grade(item, answer), grader.grade(item, answer)
            assert first == second, f"evaluator {evaluator.name!r} is not pure: {first} then {second}"
            assert all(math.isfinite(score.value) for score in first), f"{evaluator.name!r} gave {first}"
        _check_direction(evaluator.name, grader.grade(item, ""), grader.grade(item, item.reference))


def _check_direction(name: str, nothing: Sequence[Score], right: Sequence[Score]) -> None:
    worth = {score.metric: score.value for score in right}
    for score in nothing:
        assert worth.get(score.metric, score.value) >= score.value, (
            f"evaluator {name!r} scores an empty answer above the reference in {score.metric}; higher must be better"
        )


_ASKS = re.compile(r"\basks\b.*\bmodel\b", re.IGNORECASE)
_PASSAGES = tuple(
    Passage(text=text, origin=Origin(source="made", place=f"line {number}"), title=text.split()[0])
    for number, text in enumerate(("Paris is in France.", "Rome is in Italy.", "Oslo is in Norway."), 1)
)
_MADE = Example(
    prompt=(Message(role="user", content="What is the capital of France?"),),
    completion=(Message(role="assistant", content="Paris"),),
    origin=Origin(source="made"),
)


def run_builder(
    build: DataBuilder, rows: Sequence[Mapping[str, str]] = (), options: Any = None, *, seed: int = 0
) -> tuple[list[Example], list[Dropped]]:
    """Run a data builder on rows written in a test; returns its examples, and what it dropped.

    Without rows it reads its own sample, or makes its own examples; what it yields as shards is made here.
    """
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rows.jsonl"
        table.write_text("".join(json.dumps(dict(row)) + "\n" for row in rows), encoding="utf-8")
        settings = DataSettings(sources=(str(table),) if rows else ())
        context = Context("builder", options, settings, seed=seed)
        examples, dropped = context.call(build)
    return [*examples, *(example for shard in context.shards for example in parts.examples(shard))], dropped


def run_knowledge(
    build: DataBuilder, rows: Sequence[Mapping[str, str]] = (), options: Any = None, *, seed: int = 0
) -> tuple[list[Passage], list[Dropped]]:
    """Run a builder of knowledge on rows written in a test, or on its own sample; returns passages and what it dropped."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rows.jsonl"
        table.write_text("".join(json.dumps(dict(row)) + "\n" for row in rows), encoding="utf-8")
        context = Context("builder", options, DataSettings(sources=(str(table),) if rows else ()), seed=seed)
        dropped: list[Dropped] = []
        return list(context.passages(build, dropped)), dropped


def tiny_model(folder: Path, texts: Sequence[str] = ("findings and impression",), *, seed: int = 0) -> Path:
    """Write a random two-layer Llama with a byte-level tokenizer trained on `texts`, as a model folder.

    About 100,000 parameters; it learns nothing worth knowing, and every mechanism works on it in milliseconds.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _tiny_tokenizer(texts, TEMPLATE)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tiny_tokenizer(texts: Sequence[str], template: str) -> Any:
    """Return a tokenizer trained on a few texts; what it has not seen it cuts into bytes, so nothing is unknown."""
    from tokenizers import ByteLevelBPETokenizer  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast

    trainer = ByteLevelBPETokenizer()
    trainer.train_from_iterator(texts, vocab_size=600, min_frequency=1, show_progress=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=trainer._tokenizer, eos_token="<|end|>", pad_token="<|pad|>")  # noqa: S106
    tokenizer.add_special_tokens({"additional_special_tokens": list(ROLES)})
    tokenizer.chat_template = template
    return tokenizer
