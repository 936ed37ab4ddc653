"""The floor for booking: the same checks and the same rows, written by hand in plain SQL.

No objects, no reasons, no alternatives: what the database and the disk cost by themselves,
through the same drivers, with the same guards and the same full sync.
"""

import hashlib
import json
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from sqlalchemy import make_url

from core.booking import BookingRequest
from core.db import AUDIT_LOCK, CALENDAR_LOCKS, sqlite_module
from core.policy import Actor

DAY = 86400

WHO_AND_WHAT = """
    SELECT p.calendar_id, t.calendar_id, s.length_minutes, s.step_minutes, s.before_minutes,
        s.after_minutes, s.seats, s.horizon_days, s.price_cents, o.length_minutes, o.price_cents,
        p.zone, p.visits_per_day, p.visits_per_week, p.minutes_per_day, p.minutes_per_week,
        g.zone, g.currency
    FROM professionals p
    JOIN professional_services o ON o.professional_id = p.id
    JOIN services s ON s.id = o.service_id
    JOIN patients t ON t.id = ?
    CROSS JOIN organisation g
    WHERE p.id = ? AND s.id = ? AND p.archived_at IS NULL AND s.archived_at IS NULL
    AND t.archived_at IS NULL
"""
ROOMS = """
    SELECT r.id, r.calendar_id FROM rooms r JOIN service_rooms n ON n.room_id = r.id
    WHERE n.service_id = ? AND r.archived_at IS NULL
"""
REPEATED = "SELECT id, request_sha256 FROM bookings WHERE created_by = ? AND request_key = ?"
EXPIRED = """
    SELECT booking_id FROM claims WHERE calendar_id IN (?, ?) AND held_until <= ?
    AND starts_at > ? AND starts_at < ?
"""
HOURS = """
    SELECT starts_minute, ends_minute FROM working_hours
    WHERE professional_id = ? AND weekday = ? AND kind = 'work'
    AND (valid_from IS NULL OR valid_from <= ?) AND (valid_to IS NULL OR valid_to >= ?)
    AND NOT EXISTS (SELECT 1 FROM date_hours WHERE professional_id = ? AND on_date = ?)
    AND NOT EXISTS (SELECT 1 FROM closures WHERE first_on <= ? AND last_on >= ?)
    AND NOT EXISTS (
        SELECT 1 FROM time_off WHERE professional_id = ? AND starts_at < ? AND ends_at > ?
    )
"""
BUSY = """
    SELECT starts_at, ends_at, before_minutes, after_minutes FROM claims
    WHERE calendar_id IN (?, ?) AND starts_at < ? AND starts_at > ?
    AND (held_until IS NULL OR held_until > ?)
"""
BOOKING = """
    INSERT INTO bookings (service_id, professional_id, room_id, starts_at, ends_at, state,
        held_until, price_cents, currency, channel, desk_note, seats, series_id, cancel_reason,
        cancel_asked_by_patient, cancelled_late, created_by, request_key, request_sha256,
        created_at, updated_at, version)
    VALUES (?, ?, NULL, ?, ?, 'booked', NULL, ?, ?, 'desk', '', ?, NULL, '', true, false, ?, ?,
        ?, ?, ?, 1) RETURNING id
"""
ATTENDEE = """
    INSERT INTO attendees (booking_id, patient_id, waiting, state) VALUES (?, ?, false, 'booked')
"""
CLAIMS = """
    INSERT INTO claims (booking_id, calendar_id, starts_at, ends_at, before_minutes,
        after_minutes, held_until, guarded)
    VALUES (?, ?, ?, ?, ?, ?, NULL, true), (?, ?, ?, ?, ?, ?, NULL, true)
"""
EVENT = """
    INSERT INTO booking_events (booking_id, at, user_id, kind, new_state, new_professional_id,
        new_room_id, new_starts_at, new_ends_at)
    VALUES (?, ?, ?, 'booked', 'booked', ?, NULL, ?, ?)
"""
HEAD = "SELECT id, hash FROM audit_entries ORDER BY id DESC LIMIT 1"
AUDIT = """
    INSERT INTO audit_entries (id, at, user_id, session_id, action, object_kind, object_id,
        fields, previous_hash, hash)
    VALUES (?, ?, ?, NULL, 'booking.booked', 'bookings', ?, ?, ?, ?)
"""


@dataclass
class Plain:
    """One connection, spoken to by hand."""

    connection: Any
    on_sqlite: bool
    turn: Any

    @classmethod
    def to(cls, url: str, turn: Any = None) -> "Plain":
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            made = sqlite_module().connect(
                parsed.database, isolation_level=None, timeout=15, check_same_thread=False
            )
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                made.execute(f"PRAGMA {pragma}")
            made.execute("PRAGMA secure_delete=ON")
            made.execute("PRAGMA cache_size=-32000")
            return cls(made, True, turn or nullcontext())
        plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        return cls(psycopg.connect(plain, autocommit=True), False, nullcontext())

    def run(self, statement: str, *values: object) -> Any:
        return self.connection.execute(
            statement if self.on_sqlite else statement.replace("?", "%s"), values
        )

    def instant(self, seconds: int) -> Any:
        return seconds if self.on_sqlite else datetime.fromtimestamp(seconds, UTC)

    def seconds(self, instant: Any) -> int:
        return instant if self.on_sqlite else int(instant.timestamp())

    def book(self, actor: Actor, request: BookingRequest, now: datetime) -> int:
        """The new booking's id; 0 when it does not fit."""
        with self.turn:
            self.run("BEGIN IMMEDIATE" if self.on_sqlite else "BEGIN")
            try:
                made = self._book(actor, request, int(now.timestamp()))
            except BaseException:
                self.run("ROLLBACK")
                raise
            self.run("COMMIT" if made else "ROLLBACK")
        return made

    def _book(self, actor: Actor, request: BookingRequest, now: int) -> int:
        who, what = request.professional_id, request.service_id
        start = int(request.starts_at.timestamp())
        found = self.run(WHO_AND_WHAT, request.patient_id, who, what).fetchone()
        if found is None:
            return 0
        own, theirs, length, step, before, after, _seats, horizon, _price = found[:9]
        end = start + (found[9] or length) * 60
        assert self.run(ROOMS, what).fetchone() is None
        if not self.on_sqlite:
            for each in sorted((own, theirs)):
                self.run("SELECT pg_advisory_xact_lock(?, ?)", CALENDAR_LOCKS, each)
        if self.run(REPEATED, actor.user_id, request.request_key).fetchone():
            return 0
        near = map(self.instant, (now, start - DAY, start + DAY))
        assert self.run(EXPIRED, own, theirs, *near).fetchone() is None
        if not now <= start < now + horizon * DAY or start % (step * 60):
            return 0
        if not self._works(who, start, end):
            return 0
        if not self._is_free((own, theirs), start, end, before, after, now):
            return 0
        return self._write(actor, request, found, (start, end), now)

    def _works(self, who: int, start: int, end: int) -> bool:
        day = datetime.fromtimestamp(start, UTC).date()
        on = str(day) if self.on_sqlite else day
        hours = self.run(
            HOURS,
            *(who, day.isoweekday(), on, on, who, on, on, on, who),
            *(self.instant(end), self.instant(start)),
        ).fetchall()
        midnight = start - start % DAY
        return any(
            midnight + opens * 60 <= start and end <= midnight + closes * 60
            for opens, closes in hours
        )

    def _is_free(
        self, calendars: tuple[int, int], start: int, end: int, before: int, after: int, now: int
    ) -> bool:
        near = (end + DAY, start - 2 * DAY, now)
        for begins, ends, lead, trail in self.run(BUSY, *calendars, *map(self.instant, near)):
            gap_before, gap_after = max(trail, before) * 60, max(after, lead) * 60
            if start < self.seconds(ends) + gap_before and self.seconds(begins) - gap_after < end:
                return False
        return True

    def _write(
        self, actor: Actor, request: BookingRequest, found: Any, span: tuple[int, int], now: int
    ) -> int:
        own, theirs, _length, _step, before, after, seats = found[:7]
        price = found[8] if found[10] is None else found[10]
        start, end, moment = self.instant(span[0]), self.instant(span[1]), self.instant(now)
        content = json.dumps([*map(str, vars(request).values())])
        (made,) = self.run(
            BOOKING,
            *(request.service_id, request.professional_id, start, end, price, found[17], seats),
            *(actor.user_id, request.request_key),
            *(hashlib.sha256(content.encode()).hexdigest(), moment, moment),
        ).fetchone()
        self.run(ATTENDEE, made, request.patient_id)
        times = (start, end, before, after)
        self.run(CLAIMS, made, own, *times, made, theirs, *times)
        self.run(EVENT, made, moment, actor.user_id, request.professional_id, start, end)
        if not self.on_sqlite:
            self.run("SELECT pg_advisory_xact_lock(?, 0)", AUDIT_LOCK)
        last, previous = self.run(HEAD).fetchone() or (0, "0" * 64)
        said = [last + 1, now, actor.user_id, None, "booking.booked", "bookings", made]
        fields = '{"set_aside": []}'
        sealed = f"{previous}\x1e{json.dumps([*said, fields], separators=(',', ':'))}"
        digest = hashlib.sha256(sealed.encode()).hexdigest()
        self.run(AUDIT, last + 1, moment, actor.user_id, made, fields, previous, digest)
        return made
