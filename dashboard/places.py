"""The places of the application: one table, and each role's home."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import N_
from core.models import Role
from core.policy import Actor, Permission, allows

P = Permission
PAGES = Path(__file__).resolve().parent.parent / "pages"


@dataclass(frozen=True)
class Place:
    """One page: a script under ``pages/``, and the permissions of which any one opens it."""

    url: str
    letter: str
    """Pressed after ``g`` it opens the page."""
    title: str
    icon: str
    file: str
    permissions: tuple[Permission, ...]
    instead_of: tuple[Permission, ...] = ()
    """Whoever has one of these has a wider place than this one."""
    in_menu: bool = False
    """Reached from the menu under the person's name, not from the navigation."""

    def is_open_to(self, actor: Actor) -> bool:
        return allows(actor, *self.permissions) and not allows(actor, *self.instead_of)


PLACES = (
    Place("desk", "d", N_("Desk"), ":material/calendar_view_day:", "desk.py", (P.BOOKINGS_READ,)),
    Place("today", "t", N_("Today"), ":material/today:", "today.py", (P.BOOKINGS_WRITE,)),
    Place(
        "my-calendar",
        "w",
        N_("My calendar"),
        ":material/calendar_month:",
        "my_calendar.py",
        (P.SCHEDULE_READ_OWN,),
    ),
    Place(
        "my-hours",
        "h",
        N_("My hours"),
        ":material/schedule:",
        "my_hours.py",
        (P.SCHEDULE_WRITE_OWN,),
    ),
    Place(
        "my-bookings",
        "b",
        N_("My bookings"),
        ":material/event_available:",
        "my_bookings.py",
        (P.BOOKINGS_READ_OWN,),
        instead_of=(P.SCHEDULE_READ_OWN,),
    ),
    Place(
        "find",
        "f",
        N_("Find a time"),
        ":material/search:",
        "find.py",
        (P.BOOKINGS_WRITE_OWN,),
        instead_of=(P.SCHEDULE_READ_OWN,),
    ),
    Place(
        "time-off",
        "o",
        N_("Time off"),
        ":material/beach_access:",
        "time_off.py",
        (P.TIME_OFF_WRITE, P.SCHEDULE_WRITE_OWN),
    ),
    Place(
        "my-profile",
        "e",
        N_("My profile"),
        ":material/badge:",
        "my_profile.py",
        (P.PROFILE_WRITE_OWN,),
    ),
    Place(
        "my-numbers",
        "n",
        N_("My numbers"),
        ":material/monitoring:",
        "my_numbers.py",
        (P.ANALYTICS_READ_OWN,),
    ),
    Place(
        "sick-day",
        "i",
        N_("Sick day"),
        ":material/sick:",
        "sick_day.py",
        (P.BOOKINGS_WRITE,),
    ),
    Place(
        "waiting-list",
        "l",
        N_("Waiting list"),
        ":material/hourglass_empty:",
        "waiting_list.py",
        (P.BOOKINGS_WRITE,),
    ),
    Place(
        "patients",
        "p",
        N_("Patients"),
        ":material/groups:",
        "patients.py",
        (P.PATIENTS_READ, P.PATIENTS_OPEN_ANY),
    ),
    Place(
        "numbers",
        "u",
        N_("Numbers"),
        ":material/monitoring:",
        "figures.py",
        (P.ANALYTICS_READ,),
    ),
    Place(
        "overrides",
        "v",
        N_("Overrides"),
        ":material/gavel:",
        "overrides.py",
        (P.BOOKINGS_OVERRIDE,),
    ),
    Place(
        "practice", "s", N_("Practice"), ":material/settings:", "practice.py", (P.CATALOG_WRITE,)
    ),
    Place("audit", "a", N_("Audit"), ":material/history:", "audit.py", (P.AUDIT_READ,)),
    Place(
        "account",
        "m",
        N_("My account"),
        ":material/account_circle:",
        "account.py",
        (P.ACCOUNT_OWN,),
        in_menu=True,
    ),
)

BOOKINGS = (
    "desk",
    "today",
    "my-calendar",
    "my-numbers",
    "patients",
    "overrides",
    "time-off",
    "sick-day",
    "my-hours",
    "numbers",
)
"""Where a booking can be opened."""

OPENED = ("patient",)
"""What is open on a page by its address alone, and closed by choosing the page again."""

HOMES: Mapping[Role, str] = {
    Role.RECEPTIONIST: "desk",
    Role.PROFESSIONAL: "my-calendar",
    Role.PATIENT: "my-bookings",
    Role.ADMIN: "numbers",
}

ROLE_NAMES: Mapping[Role, str] = {
    Role.RECEPTIONIST: N_("Receptionist"),
    Role.PROFESSIONAL: N_("Professional"),
    Role.PATIENT: N_("Patient"),
    Role.ADMIN: N_("Admin"),
}


def open_to(actor: Actor) -> list[Place]:
    return [place for place in PLACES if place.is_open_to(actor)]
