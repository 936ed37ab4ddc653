"""The place itself: its name, time zone, country and currency."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core import audit
from core.catalog.typed import country_of, currency_of, name_of, zone_of_name
from core.errors import N_, DatabaseNotReady
from core.models import Organisation
from core.policy import Actor, Permission, require


@dataclass(frozen=True)
class OrganisationDetails:
    name: str
    zone: str
    country: str
    currency: str


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
    details = {
        "name": name_of(request.name),
        "zone": zone_of_name(request.zone),
        "country": country_of(request.country),
        "currency": currency_of(request.currency),
    }
    organisation = session.get(Organisation, 1)
    if organisation is None:
        organisation = Organisation(id=1)
        session.add(organisation)
    for field, value in details.items():
        setattr(organisation, field, value)
    audit.record(session, actor, "organisation.set_up", organisation, now=now)
    return organisation
