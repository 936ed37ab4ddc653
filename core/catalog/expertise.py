"""Expertise: what professionals type as words, kept as tags that mean the same for everybody."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core import audit
from core.catalog.typed import by_name, name_of
from core.db import lock_expertise
from core.edits import last_editor
from core.errors import N_, Invalid, NotFound, Stale
from core.models import Expertise, ExpertiseSynonym, ProfessionalExpertise
from core.patients import fold
from core.patients.typed import line, not_longer
from core.policy import Actor, Permission, require

MOST_TAGS = 20
LONGEST_TAG = 60
MOST_SYNONYMS = 40
COMMAS = re.compile(r"[,;\n\u060c\u3001\uff0c]")
"""Whatever a telephone's keyboard has for a comma."""


@dataclass(frozen=True)
class Meant:
    """What a typed word stands for: the tag as everybody writes it, new where ``id`` is None."""

    typed: str
    name: str
    id: int | None


@dataclass(frozen=True)
class KnownExpertise:
    """A tag as the admin keeps it."""

    id: int
    name: str
    synonyms: tuple[str, ...]
    professionals: int


@dataclass(frozen=True)
class EditedExpertise:
    """How a tag is written, and every other word that means the same.

    ``seen`` is the tag as the form was opened on it.
    """

    expertise_id: int
    name: str
    synonyms: tuple[str, ...]
    seen: KnownExpertise


@dataclass(frozen=True)
class MergedExpertise:
    """Two tags that are one: everything of ``gone_id`` moves to ``kept_id``."""

    kept_id: int
    gone_id: int


def typed_tags(words: str) -> tuple[str, ...]:
    """The words between the commas, each as it was typed."""
    return tuple(each.strip() for each in COMMAS.split(words) if each.strip())


def load_expertise(session: Session) -> list[Expertise]:
    return by_name(session.scalars(select(Expertise)))


def meant_by(session: Session, names: Iterable[str]) -> list[Meant]:
    """Each tag once; accents, case, spaces and words that mean the same make no difference."""
    asked = list(names)
    if len(asked) > MOST_TAGS:
        raise Invalid(
            N_(
                "These are {count} fields of expertise, and at most {most} fit. "
                "Please keep those that people look for."
            ),
            field="expertise",
            count=len(asked),
            most=MOST_TAGS,
        )
    known = _known_words(session)
    meant: dict[str, Meant] = {}
    for typed in map(_tag_name, asked):
        tag = known.get(fold(typed))
        name = tag.name if tag else typed
        meant.setdefault(fold(name), Meant(typed, name, tag.id if tag else None))
    return list(meant.values())


def expertise_named(session: Session, names: Iterable[str]) -> list[Expertise]:
    """The tags meant by these words; those nobody had yet are added."""
    lock_expertise(session)
    meant = meant_by(session, names)
    new = [Expertise(name=each.name) for each in meant if each.id is None]
    session.add_all(new)
    session.flush()
    ids = [each.id for each in meant if each.id is not None]
    found = session.scalars(select(Expertise).where(Expertise.id.in_(ids)))
    return by_name([*found, *new])


def drop_unused(session: Session, expertise_ids: Collection[int]) -> None:
    """Forget those of these tags that nobody has any more and no other word stands for."""
    session.flush()
    had = select(ProfessionalExpertise.expertise_id)
    kept = select(ExpertiseSynonym.expertise_id)
    session.execute(
        delete(Expertise).where(
            Expertise.id.in_(expertise_ids), Expertise.id.not_in(had), Expertise.id.not_in(kept)
        )
    )


def load_vocabulary(session: Session, actor: Actor) -> list[KnownExpertise]:
    """Every tag by name, the words that mean the same, and how many professionals have it."""
    require(actor, Permission.CATALOG_WRITE)
    synonyms: dict[int, list[str]] = {}
    for each in session.scalars(select(ExpertiseSynonym).order_by(ExpertiseSynonym.folded)):
        synonyms.setdefault(each.expertise_id, []).append(each.word)
    counted = select(ProfessionalExpertise.expertise_id, func.count()).group_by(
        ProfessionalExpertise.expertise_id
    )
    had: dict[int, int] = dict(session.execute(counted).all())
    return [
        KnownExpertise(each.id, each.name, tuple(synonyms.get(each.id, ())), had.get(each.id, 0))
        for each in load_expertise(session)
    ]


def edit_expertise(
    session: Session, actor: Actor, request: EditedExpertise, *, now: datetime
) -> Expertise:
    """Write a tag another way, and make these, and no others, the words that mean the same."""
    require(actor, Permission.CATALOG_WRITE)
    lock_expertise(session)
    tag = _get_expertise(session, request.expertise_id)
    _check_as_seen(session, tag, request.seen)
    name = _tag_name(request.name)
    words: dict[str, str] = {}
    for each in map(_tag_name, request.synonyms):
        words.setdefault(fold(each), each)
    words.pop(fold(name), None)
    if len(words) > MOST_SYNONYMS:
        raise Invalid(
            N_("At most {most} words can mean the same. Please take some out."),
            field="synonyms",
            most=MOST_SYNONYMS,
        )
    _check_mean_nothing_else(session, tag, {fold(name): name} | words)
    tag.name = name
    session.execute(delete(ExpertiseSynonym).where(ExpertiseSynonym.expertise_id == tag.id))
    session.add_all(
        ExpertiseSynonym(folded=folded, word=word, expertise_id=tag.id)
        for folded, word in words.items()
    )
    audit.record(session, actor, "expertise.edited", tag, now=now)
    return tag


def merge_expertise(
    session: Session, actor: Actor, request: MergedExpertise, *, now: datetime
) -> Expertise:
    """Make one tag of two: whoever had either has the kept one, and the other's words mean it."""
    require(actor, Permission.CATALOG_WRITE)
    lock_expertise(session)
    kept = _get_expertise(session, request.kept_id)
    gone = _get_expertise(session, request.gone_id)
    if kept is gone:
        raise Invalid(N_("Please choose another one to merge with."), field="merge")
    _move_professionals(session, kept.id, gone.id)
    session.execute(
        update(ExpertiseSynonym)
        .where(ExpertiseSynonym.expertise_id == gone.id)
        .values(expertise_id=kept.id)
    )
    session.add(ExpertiseSynonym(folded=fold(gone.name), word=gone.name, expertise_id=kept.id))
    session.flush()
    session.execute(delete(Expertise).where(Expertise.id == gone.id))
    audit.record(session, actor, "expertise.merged", kept, now=now, merged_id=request.gone_id)
    return kept


def _move_professionals(session: Session, kept_id: int, gone_id: int) -> None:
    table = ProfessionalExpertise
    have_both = select(table.professional_id).where(table.expertise_id == kept_id)
    session.execute(
        delete(table).where(table.expertise_id == gone_id, table.professional_id.in_(have_both))
    )
    session.execute(update(table).where(table.expertise_id == gone_id).values(expertise_id=kept_id))


def _known_words(session: Session) -> dict[str, Expertise]:
    """What each word stands for, by its letters alone."""
    tags = {each.id: each for each in session.scalars(select(Expertise))}
    synonyms = session.execute(select(ExpertiseSynonym.folded, ExpertiseSynonym.expertise_id))
    known = {folded: tags[expertise_id] for folded, expertise_id in synonyms}
    return known | {fold(each.name): each for each in tags.values()}


def _check_as_seen(session: Session, tag: Expertise, seen: KnownExpertise) -> None:
    """``Stale`` when somebody has changed the words since: theirs would be dropped unseen."""
    synonyms = session.scalars(
        select(ExpertiseSynonym.word).where(ExpertiseSynonym.expertise_id == tag.id)
    )
    if (tag.name, set(synonyms)) != (seen.name, set(seen.synonyms)):
        raise Stale(who=last_editor(session, tag))


def _check_mean_nothing_else(session: Session, tag: Expertise, words: Mapping[str, str]) -> None:
    """A word stands for one tag alone."""
    known = _known_words(session)
    for folded, word in words.items():
        other = known.get(folded)
        if other is not None and other is not tag:
            raise Invalid(
                N_("{word} already stands for {name}. Please merge the two instead."),
                field="synonyms",
                word=word,
                name=other.name,
            )


def _tag_name(typed: str) -> str:
    name = not_longer(name_of(typed), LONGEST_TAG, "expertise")
    if not fold(name):
        raise Invalid(
            N_("{typed} has no letters. Please write expertise in words, with commas between."),
            field="expertise",
            typed=line(typed, LONGEST_TAG, "expertise"),
        )
    return name


def _get_expertise(session: Session, expertise_id: int) -> Expertise:
    found = session.get(Expertise, expertise_id, populate_existing=True)
    if found is None:
        raise NotFound(what=N_("expertise"))
    return found
