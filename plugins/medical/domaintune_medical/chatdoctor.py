"""ChatDoctor's way to look things up (Li et al. 2023): count in how many of a question's keywords a chunk of the table has.

1. The keywords of the question are named by a teacher, or are its own content words.
2. The knowledge is cut into chunks: `group` diseases together; of other passages each is one.
3. The score of a chunk is the number of keywords that occur in it, as substrings and without regard to case, so that
   `pain` also counts in `painful`: that is the method, and its weakness. Equal scores are ordered by the chunks' text.
4. With `read`, the teacher reads the best chunks one at a time; its partial answers take the place of the passages, and
   chunks in which it finds nothing fall away. Such a passage says in `meta["written_by"]` who wrote it.
5. What was found is put beside the question by core, in the prompt that asks for the one best answer.

A chunk gives its passages one by one, those with most keywords first. That order within a chunk is ours, as is the
reading of the teacher's list, which breaks in the original where a reply has lines or an "and" for commas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from domaintune import Finder, Hit, Message, Passage, Sampling, Teacher, open_teacher
from domaintune_medical.grounded import Lexicon
from domaintune_medical.keywords import content_words, listed
from domaintune_medical.knowledge_options import KeywordOptions
from domaintune_medical.script import declines

KEYWORD_PROMPT = (
    "Which medical terms would you look up in an encyclopaedia to answer the question below? Name symptoms, "
    "diseases, "
    "tests and medicines that it speaks of, in the words of a textbook. Write the terms alone, separated by commas."
    "\n\nQuestion: {question}"
)
READING_PROMPT = (
    "Here is a part of a medical reference:\n\n{chunk}\n\nQuestion: {question}\n\nWrite down in a few "
    "sentences what this "
    "part says that helps to answer the question, with the names of the diseases that fit. Use nothing but "
    "this part. "
    'If it does not help, write only "No entry".'
)
_NO_ENTRY = re.compile(
    r"(?:(?:sorry|unfortunately),? )?(?:there (?:is|was|are) |i (?:see|find|found|have) |"
    r"this part (?:has|holds|contains) )?no "
    r"(?:\w+ )?entr(?:y|ies)(?: (?:that|which|for|in|on|about|here|found|is|was|to|of|fits|matches|helps)\b|[^\w ]|\Z)"
    r"|(?:没有|无|未找到|找不到)(?:任何)?(?:相关|匹配|合适)?的?(?:条目|内容|信息)",
    re.IGNORECASE,
)
_NO_HELP = re.compile(
    r"(?:it|this|that|the|none|nothing)(?: \w+){0,4}? ?(?:(?:does|do|did|can|could|is|are) ?(?:not|n['’]t)|cannot)"
    r"(?: \w+){0,2}? "
    r"(?:help|contain|mention|answer|provide|relevant|related|say|speak|address|cover|useful|helpful)"
    r"|(?:nothing|none) (?:in|of|here|helps)\b|(?:这|该)?(?:部分|内容|资料)?(?:没有|无)(?:什么)?帮助",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s*")
_YET = re.compile(r"\b(?:but|however|although|though|yet|still|nevertheless)\b|但|不过|然而", re.IGNORECASE)
"""What takes back that nothing was found."""
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
            if declines(reply) or found_nothing(reply):
                continue
            named = Lexicon([passage.title for passage in passages], apart=True).mentions(reply)
            title = min(named[0]) if named else ""
            source = next((passage for passage in passages if passage.title.strip() == title), passages[0])
            meta = {"written_by": self._options.teacher or type(teacher).__name__}
            yield Hit(passage=replace(source, text=reply, title=title, keys=(), meta=meta), score=float(score))

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


def found_nothing(reply: str) -> bool:
    """Return whether a reply says that there is nothing to be found: "No entry.", "It does not help."."""
    said = reply.strip(" \"'.*!“”\n")
    if _YET.search(said):
        return False
    sentences = [part for part in _SENTENCE.split(said) if part]
    return bool(_NO_ENTRY.match(said)) or all(_NO_HELP.match(part) for part in sentences)
