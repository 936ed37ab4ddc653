"""The place itself: its name, time zone, country, currency and opening view."""

from dataclasses import asdict, dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core import audit
from core.catalog.reasons import list_first_reasons
from core.catalog.typed import (
    check_between,
    country_of,
    currency_of,
    name_of,
    view_of,
    zone_of_name,
)
from core.edits import change, check_version, lock_row
from core.errors import N_, DatabaseNotReady
from core.models import OpeningView, Organisation
from core.policy import Actor, Permission, require

MOST_OPEN_BOOKINGS = (1, 50)


@dataclass(frozen=True)
class PatientsBook:
    """What patients do by themselves; ``version`` is the one the form was opened on."""

    version: int
    patients_book: bool
    directory_open: bool
    most_open_bookings: int


@dataclass(frozen=True)
class OrganisationDetails:
    name: str
    zone: str
    country: str
    currency: str
    opening_view: OpeningView = OpeningView.DAY


@dataclass(frozen=True)
class EditedOrganisation:
    """The place as a form sends it back; ``version`` is the one the form was opened on."""

    version: int
    details: OrganisationDetails


def get_organisation(session: Session) -> Organisation:
    """The place itself, or ``DatabaseNotReady`` before it is set up."""
    found = session.get(Organisation, 1)
    if found is None:
        raise DatabaseNotReady(
            N_(
                "This place has not been set up yet: it has no name. An admin gives it one "
                "under Practice."
            )
        )
    return found


def zone_of(organisation: Organisation) -> ZoneInfo:
    return ZoneInfo(organisation.zone)


def set_up_organisation(
    session: Session, actor: Actor, request: OrganisationDetails, *, now: datetime
) -> Organisation:
    """Name the place, or change what is said about it."""
    require(actor, Permission.CATALOG_WRITE)
    details = _values(request)
    organisation = session.get(Organisation, 1)
    if organisation is None:
        organisation = Organisation(id=1)
        session.add(organisation)
        list_first_reasons(session)
    for field, value in details.items():
        setattr(organisation, field, value)
    audit.record(session, actor, "organisation.set_up", organisation, now=now)
    return organisation


def edit_organisation(
    session: Session, actor: Actor, request: EditedOrganisation, *, now: datetime
) -> Organisation:
    """Change what is said about the place. What was sold keeps its currency, and visits their
    instants: in another zone they stand at other times of the day."""
    require(actor, Permission.CATALOG_WRITE)
    organisation = lock_row(session, Organisation, 1, what=N_("organisation"))
    check_version(session, organisation, request.version)
    if changed := change(organisation, _values(request.details)):
        audit.record(session, actor, "organisation.edited", organisation, now=now, changed=changed)
    return organisation


def _values(request: OrganisationDetails) -> dict[str, object]:
    return {
        "name": name_of(request.name),
        "zone": zone_of_name(request.zone),
        "country": country_of(request.country),
        "currency": currency_of(request.currency),
        "opening_view": view_of(request.opening_view),
    }


def let_patients_book(
    session: Session, actor: Actor, request: PatientsBook, *, now: datetime
) -> Organisation:
    """Whether patients book by themselves, who sees when, and how much they may have open."""
    require(actor, Permission.CATALOG_WRITE)
    organisation = lock_row(session, Organisation, 1, what=N_("organisation"))
    check_version(session, organisation, request.version)
    check_between(request.most_open_bookings, *MOST_OPEN_BOOKINGS, "most_open_bookings")
    values = asdict(request)
    del values["version"]
    if changed := change(organisation, values):
        audit.record(
            session, actor, "organisation.patients_book", organisation, now=now, changed=changed
        )
    return organisation
