"""Finds media by what is said in them, and the sentence that was meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.resources.media.transcripts.models import Said, TrackWord, Transcript
from fastpix.text import spoken_words, word_index

_SENTENCES = (
    sa.select(Transcript.media_id, Transcript.sentences)
    .where(Transcript.media_id.in_(sa.bindparam("media_ids", expanding=True)))
    .order_by(Transcript.media_id, Transcript.track_id)
)


def find(text: str, workspace_ids: Iterable[UUID], most: int) -> list[UUID]:
    """At most `most` media in which each word of the text is said."""
    words, matches = spoken_words.asked, spoken_words.matches
    found: list[UUID] = word_index.find(
        TrackWord, TrackWord.media_id, text, workspace_ids, most, words=words, matches=matches
    )
    return found


def saying(workspace_id: UUID, word: str) -> sa.Select[UUID] | None:
    """The media of the workspace in which this word of a question is said; None for what is no word that is said."""
    statement = None
    for part in sorted(spoken_words.asked(word)):  # nearly always one: a fraction such as ½ is two
        here = sa.select(TrackWord.media_id).where(TrackWord.workspace_id == workspace_id)
        here = here.where(spoken_words.matches(TrackWord.word, part))
        statement = here if statement is None else here.where(TrackWord.media_id.in_(statement))
    return statement


def sentences(wanted: Mapping[UUID, Set[str]]) -> dict[UUID, Said]:
    """Of each media the first sentence that has the most of the words wanted of it; none where it has none of them."""
    best: dict[UUID, tuple[int, Said]] = {}
    asked = {media_id: words for media_id, words in wanted.items() if words}
    rows: Iterable[Any] = tenancy.rows(_SENTENCES, {"media_ids": list(asked)}) if asked else ()
    for media_id, said in rows:
        for at, text in said:
            count = sum(spoken_words.is_in(text, word) for word in asked[media_id])
            if count > best.get(media_id, (0, None))[0]:
                best[media_id] = count, {"at": at, "text": text}
    return {media_id: said for media_id, (_, said) in best.items()}
