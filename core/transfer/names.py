"""People and things by what a file calls them."""

from collections import defaultdict
from collections.abc import Hashable, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Invalid
from core.models import Professional, User
from core.patients import fold

TITLES = frozenset({"dr", "dra", "prof", "mr", "mrs", "ms", "miss", "doctor", "doctora"})


class Names:
    """People and services by what a file calls them; a name two of them share is refused."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._ids: dict[str, set[int]] = defaultdict(set)

    def add(self, key: str, found_id: int) -> None:
        if key:
            self._ids[key].add(found_id)

    def ids(self, key: str) -> set[int]:
        return self._ids.get(key, set())

    def only(self, keys: Iterable[str], typed: str) -> int:
        """The one who bears any of the names, the first name that is known deciding."""
        found = next((ids for key in keys if (ids := self._ids.get(key))), None)
        if found is None:
            raise Invalid(
                N_("There is no {what} called {name}. Please add it first, or correct the name."),
                what=self._what,
                name=typed[:80],
            )
        if len(found) > 1:
            raise Invalid(
                N_("There is more than one {what} called {name}. Please rename one of them first."),
                what=self._what,
                name=typed[:80],
            )
        return min(found)


class Seen:
    """The lines of a file in which a name has stood: a second one would contradict the first."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, int] = {}

    def check_first(self, key: Hashable, name: str, line: int) -> None:
        first = self._lines.setdefault(key, line)
        if first != line:
            raise Invalid(
                N_("{name} stands in line {line} already. Please keep one of the two rows."),
                name=name[:80],
                line=first,
            )


def name_key(name: str) -> str:
    """A name without its accents, case and order of words."""
    return " ".join(sorted(fold(name).split()))


def names_of(session: Session, professionals: Iterable[Professional]) -> Names:
    """Professionals with and without their titles, and by the user names of those here."""
    names = Names(N_("professional"))
    for each in professionals:
        add_professional_to(names, each)
    active = select(Professional.id).where(Professional.archived_at.is_(None))
    signed_in = select(User.username, User.professional_id).where(User.professional_id.in_(active))
    for username, professional_id in session.execute(signed_in):
        if professional_id is not None:
            names.add(f"user {username}", professional_id)
    return names


def add_professional_to(names: Names, professional: Professional) -> None:
    names.add(name_key(professional.name), professional.id)
    names.add(_untitled(professional.name), professional.id)


def professional_keys(typed: str) -> tuple[str, ...]:
    """What is looked for where somebody wrote this name, the surest first."""
    return f"user {typed.casefold()}", name_key(typed), _untitled(typed)


def _untitled(name: str) -> str:
    return " ".join(each for each in name_key(name).split() if each not in TITLES)
