"""ChatDoctor's way to look things up (Li et al. 2023): count in how many of a question's keywords a chunk of the table has.

1. The keywords of the question are named by a teacher, or are its own content words.
2. The knowledge is cut into chunks: `group` diseases together; of other passages each is one.
3. The score of a chunk is the number of keywords that occur in it, as substrings and without regard to case, so that
   `pain` also counts in `painful`: that is the method, and its weakness. Equal scores are ordered by the chunks' text.
4. With `read`, the teacher reads the best chunks one at a time; its partial answers take the place of the passages, and
   chunks in which it finds nothing fall away.
5. What was found is put beside the question by core, in the prompt that asks for the one best answer.

A chunk gives its passages one by one, those with most keywords first. That order within a chunk is ours, as is the
reading of the teacher's list, which breaks in the original where a reply has lines or an "and" for commas.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from domaintune import Finder, Hit, Message, Passage, Sampling, Teacher, open_teacher
from domaintune_medical.keywords import content_words, listed
from domaintune_medical.knowledge_options import KeywordOptions

KEYWORD_PROMPT = (
    "Which medical terms would you look up in an encyclopaedia to answer the question below? Name symptoms, diseases, "
    "tests and medicines that it speaks of, in the words of a textbook. Write the terms alone, separated by commas."
    "\n\nQuestion: {question}"
)
READING_PROMPT = (
    "Here is a part of a medical reference:\n\n{chunk}\n\nQuestion: {question}\n\nWrite down in a few sentences what this "
    "part says that helps to answer the question, with the names of the diseases that fit. Use nothing but this part. "
    'If it does not help, write only "No entry".'
)
NO_ENTRY = "no entry"
REMEMBERED = 1024
"""Questions whose keywords are kept, so that a teacher is not asked twice."""


class Keywords:
    """The retriever. It needs no index: the texts are read when it is opened, and held in memory."""

    def __init__(self, options: KeywordOptions | None = None) -> None:
        self._options = options or KeywordOptions()

    def index(self, passages: Sequence[Passage], folder: Path, before: Path | None = None) -> None:
        """Do nothing but make the folder: the passages themselves are all that is searched."""
        del passages, before
        folder.mkdir(parents=True, exist_ok=True)

    def open(self, passages: Sequence[Passage], folder: Path) -> Finder:
        """Read the passages, and open the teacher if there is one."""
        del folder
        name = self._options.teacher
        teacher = open_teacher(name, self._options.teacher_options) if name else None
        return KeywordFinder(passages, self._options, teacher)


@dataclass(frozen=True)
class _Chunk:
    """Passages that are scored together: their places, and their texts as they are searched."""

    places: tuple[int, ...]
    text: str


class KeywordFinder:
    """Passages cut into chunks, and who names the keywords of a question."""

    def __init__(self, passages: Sequence[Passage], options: KeywordOptions, teacher: Teacher | None = None) -> None:
        self._passages = passages
        self._options = options
        self._teacher = teacher
        self._texts: list[str] = []
        self._chunks = list(self._cut())
        self.keywords = lru_cache(REMEMBERED)(self._keywords)

    def search(self, query: str, k: int) -> Sequence[Hit]:
        """Return the passages of the best chunks, or with `read` what the teacher found in them."""
        keywords = self.keywords(query)
        scored = ((sum(word in chunk.text for word in keywords), chunk) for chunk in self._chunks)
        best = sorted((pair for pair in scored if pair[0]), key=lambda pair: (-pair[0], pair[1].text, pair[1].places))
        if self._options.read and self._teacher is not None:
            return list(self._read(self._teacher, query, best[: self._options.top]))[: max(k, 0)]
        hits: list[Hit] = []
        for score, chunk in best:
            if len(hits) >= k:
                break
            own = sorted(chunk.places, key=lambda place: (-self._count(place, keywords), place))
            hits += [Hit(passage=self._passages[place], score=float(score)) for place in own]
        return hits[: max(k, 0)]

    def _keywords(self, question: str) -> tuple[str, ...]:
        """Return the keywords of a question; its own words where the teacher declines or says nothing of use."""
        reply = None
        if self._teacher is not None:
            prompt = Message(role="user", content=KEYWORD_PROMPT.format(question=question))
            reply = self._teacher.answer([prompt], Sampling())
        most = self._options.keywords
        return tuple(listed(reply or "", most) or content_words(question, most))

    def _count(self, place: int, keywords: Sequence[str]) -> int:
        return sum(word in self._texts[place] for word in keywords)

    def _read(self, teacher: Teacher, question: str, best: Sequence[tuple[int, _Chunk]]) -> Iterator[Hit]:
        """Yield the teacher's partial answers, each with the title that it names first."""
        for score, chunk in best:
            passages = [self._passages[place] for place in chunk.places]
            prompt = READING_PROMPT.format(chunk="\n".join(passage.text for passage in passages), question=question)
            sampling = Sampling(max_new_tokens=self._options.max_new_tokens)
            reply = (teacher.answer([Message(role="user", content=prompt)], sampling) or "").strip()
            bare = reply.casefold().strip(" \"'.*!“”")
            if not bare or bare.startswith(NO_ENTRY):
                continue
            named = [(bare.find(p.title.casefold()), p.title) for p in passages if p.title]
            found = min(((at, title) for at, title in named if at >= 0), default=(0, ""))[1]
            source = next((passage for passage in passages if passage.title == found), passages[0])
            yield Hit(passage=replace(source, text=reply, title=found, keys=(), meta={}), score=float(score))

    def _cut(self) -> Iterator[_Chunk]:
        """Yield the chunks; a disease is a passage whose `meta` says so, with those of its title that follow."""
        rows: list[list[int]] = []
        title = None
        for place, passage in enumerate(self._passages):
            self._texts.append(f"{passage.text}\n{', '.join(passage.keys)}".casefold())
            if title is not None and passage.title == title and "disease" not in passage.meta:
                rows[-1].append(place)
            elif "disease" in passage.meta:
                rows.append([place])
                title = passage.title
            else:
                title = None
                yield self._chunk([place])
        for start in range(0, len(rows), self._options.group):
            yield self._chunk([place for row in rows[start : start + self._options.group] for place in row])

    def _chunk(self, places: Sequence[int]) -> _Chunk:
        return _Chunk(tuple(places), "\n".join(self._texts[place] for place in places))
