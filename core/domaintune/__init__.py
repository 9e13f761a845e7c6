"""Turn a general language model into a domain expert, and let anyone ship a domain as a plugin.

A plugin is a module with hooks that yield records; everything an author needs is importable from here:

    from domaintune import Domain, hookimpl

    @hookimpl
    def domaintune_domains():
        yield Domain(name="chess", summary="Name the opening", data="chess-openings", evaluators=("chess-named",))

Names are imported on first use, so that `import domaintune` and `domaintune --help` cost next to nothing.
"""

from __future__ import annotations

from domaintune.lazy import on_demand

__version__ = "0.1.0"

TYPE_CHECKING = False  # as in typing, which takes longer to import than `domaintune --help` to run

if TYPE_CHECKING:
    from domaintune.contracts import IMAGE as IMAGE
    from domaintune.contracts import Answer as Answer
    from domaintune.contracts import Bars as Bars
    from domaintune.contracts import BaseMaker as BaseMaker
    from domaintune.contracts import Batch as Batch
    from domaintune.contracts import BuildContext as BuildContext
    from domaintune.contracts import Component as Component
    from domaintune.contracts import Domain as Domain
    from domaintune.contracts import Dropped as Dropped
    from domaintune.contracts import Example as Example
    from domaintune.contracts import Field as Field
    from domaintune.contracts import Finder as Finder
    from domaintune.contracts import Hit as Hit
    from domaintune.contracts import Member as Member
    from domaintune.contracts import Message as Message
    from domaintune.contracts import Mix as Mix
    from domaintune.contracts import Origin as Origin
    from domaintune.contracts import Passage as Passage
    from domaintune.contracts import Row as Row
    from domaintune.contracts import Sampling as Sampling
    from domaintune.contracts import Score as Score
    from domaintune.contracts import Shard as Shard
    from domaintune.contracts import Teacher as Teacher
    from domaintune.contracts import Usage as Usage
    from domaintune.data.raw import records as records
    from domaintune.data.text import clean_text as clean_text
    from domaintune.data.text import words as words
    from domaintune.errors import DataError as DataError
    from domaintune.errors import DomaintuneError as DomaintuneError
    from domaintune.errors import SandboxError as SandboxError
    from domaintune.errors import TeacherError as TeacherError
    from domaintune.hookspecs import hookimpl as hookimpl
    from domaintune.models.places import identify_model as identify_model
    from domaintune.models.places import locate_model as locate_model
    from domaintune.retrieval.chunk import chunks as chunks
    from domaintune.sessions import Admission as Admission
    from domaintune.sessions import Limits as Limits
    from domaintune.sessions import Request as Request
    from domaintune.sessions import TokenChance as TokenChance
    from domaintune.sessions import TokenEvent as TokenEvent
    from domaintune.teachers import ask_teacher as ask_teacher
    from domaintune.teachers import open_teacher as open_teacher

_HOME = {
    "contracts": (
        "Answer Bars BaseMaker Batch BuildContext Component Domain Dropped Example Field Finder Hit IMAGE Member Message "
        "Mix Origin Passage Row Sampling Score Shard Teacher Usage"
    ),
    "data.raw": "records",
    "data.text": "clean_text words",
    "errors": "DataError DomaintuneError SandboxError TeacherError",
    "hookspecs": "hookimpl",
    "models.places": "identify_model locate_model",
    "retrieval.chunk": "chunks",
    "sessions": "Admission Limits Request TokenChance TokenEvent",
    "teachers": "ask_teacher open_teacher",
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names.split()}

__all__ = [*sorted(_MODULE_OF), "__version__"]  # noqa: PLE0604  (all strings, computed from the table above)


__getattr__ = on_demand(__name__, _MODULE_OF)
