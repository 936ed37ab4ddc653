"""Imports: what a practice brings along from another system, row by row."""

import contextlib
import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from core import audit, throttle
from core.errors import Invalid, NotAllowed
from core.models import (
    AuditEntry,
    Booking,
    BookingState,
    Calendar,
    Channel,
    Claim,
    Dependant,
    Patient,
    Role,
    Service,
)
from core.patients import find_patients
from core.policy import CONSOLE
from core.transfer import (
    DateOrder,
    FileKind,
    ImportOptions,
    Keep,
    Outcome,
    csv_cell,
    import_bookings,
    import_patients,
    read_headings,
    remember_columns,
)
from core.transfer.reading import plain_cell, read_table
from core.transfer.values import read_cents, read_date, read_minutes, read_start, read_state
from tests import a

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
ADDED, MERGED, CHANGED, UNCHANGED, REFUSED = Outcome
MADRID = ZoneInfo("Europe/Madrid")


@pytest.fixture
def practice(session):
    a.organisation(session, zone="Europe/Madrid", country="ES")
    return session


@pytest.fixture
def book(practice):
    """A practice with two professionals, two services and two patients."""
    first = a.service(practice, name="First visit", length_minutes=45, price_cents=6000)
    follow = a.service(practice, name="Follow-up", length_minutes=30, price_cents=4000)
    for name in ("Dr Elena Ruiz", "Dr Tomás Almeida", "Dr Ngozi Okafor"):
        a.professional(practice, name=name, services=(first, follow))
    a.patient(practice, name="Ana Silva", phone="+34642110478", email="ana@example.org")
    a.patient(practice, name="Bela Costa", email="bela@example.org")
    return practice


def patients(session, *lines, **options):
    return import_patients(
        session, CONSOLE, "\n".join(lines).encode(), ImportOptions(**options), now=a.BEFORE
    )


def bookings(session, *lines, **options):
    header = "patient,professional,service,date,time,state"
    return import_bookings(
        session,
        CONSOLE,
        "\n".join((header, *lines)).encode(),
        ImportOptions(**options),
        now=a.BEFORE,
    )


def outcomes(report):
    return [each.outcome for each in report.rows]


def count(session, table):
    return session.scalar(select(func.count()).select_from(table))


# Files.


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]
)
def test_every_usual_encoding_is_recognised(practice, encoding):
    text = "name,phone\nNuria García López,642110478\nAnna Groß,642110479\n"
    report = import_patients(practice, CONSOLE, text.encode(encoding), now=a.BEFORE)

    assert [each.label for each in report.rows] == ["Nuria García López", "Anna Groß"]


def test_an_encoding_nobody_recognises_can_be_named(practice):
    content = "name,phone\nŁukasz Wałęsa,642110478\n".encode("cp1250")
    options = ImportOptions(encoding="cp1250")

    report = import_patients(practice, CONSOLE, content, options, now=a.BEFORE)

    assert report.rows[0].label == "Łukasz Wałęsa"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_usual_separator_and_line_end_is_recognised(practice, separator, newline):
    lines = (("name", "phone", "note"), ("Ana Silva", "642110478", "first, then; last | ok"))
    quoted = newline.join(separator.join(f'"{each}"' for each in line) for line in lines)

    report = patients(practice, quoted)

    assert outcomes(report) == [ADDED]
    assert practice.scalars(select(Patient.desk_note)).one() == "first, then; last | ok"


def test_a_spreadsheets_own_hint_names_the_separator(practice):
    assert outcomes(patients(practice, "sep=;", "name;phone", "Ana;642110478")) == [ADDED]


@pytest.mark.parametrize(
    "header",
    [
        "NAME , Phone Number",
        "Full name,telephone",
        "patient_name,Mobile-Phone",
        "Nombre,Teléfono",
        "\ufeffname,phone",
        "nome,telemóvel",
    ],
)
def test_headers_are_known_by_their_usual_names(practice, header):
    assert outcomes(patients(practice, header, "Ana Silva,642110478")) == [ADDED]


def test_first_and_last_names_are_put_together(practice):
    patients(practice, "Surname,First name,DOB,Tel", "Silva,Ana,1984-03-12,642110478")

    assert practice.scalars(select(Patient.name)).one() == "Ana Silva"


def test_columns_nobody_knows_are_ignored_and_named(practice):
    report = patients(practice, "name,phone,Shoe size,", "Ana,642110478,38,")

    assert report.ignored_columns == ("Shoe size",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        (b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\xff\xff\x00\xb8" * 200, "not a text file"),
        (bytes(range(256)) * 40, "not a text file"),
        (b"PK\x03\x04\x14\x00\x06\x00", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "spreadsheet"),
        (b"name,phone\nAna\x00,642110478\n", "not a text file"),
        (b"Ana Silva,642110478\nBela,642110479\n", "does not name columns"),
        (b'"name,phone\nAna,642110478', "does not name columns"),
        (b"name,note\nAna,x\n", "no column for phone or email"),
        (b"phone\n642110478\n", "no column for name"),
        (b"name,phone,telephone\nAna,1,2\n", "say the same: phone, telephone"),
        (b'name,phone\nAna,642110478\n"Bela,1\nCarl,2\n', "opened in line 3 is never closed"),
        (b"name," + b"x," * 300 + b"phone\n", "too many columns"),
    ],
)
def test_t134_a_file_that_cannot_be_read_is_refused_in_a_sentence(practice, content, says):
    with pytest.raises(Invalid, match=says) as refusal:
        import_patients(practice, CONSOLE, content, now=a.BEFORE)
    assert refusal.value.field == "file"
    assert count(practice, Patient) == 0


def test_t134_a_file_with_too_many_rows_is_refused_before_anything_is_written(
    practice, monkeypatch
):
    monkeypatch.setattr("core.transfer.reading.MOST_ROWS", 1000)
    lines = ["name,phone", *["Ana,642110478"] * 1001]

    with pytest.raises(Invalid, match="more than 1000 rows"):
        patients(practice, *lines)


def test_a_header_alone_adds_nobody(practice):
    report = patients(practice, "name,phone")

    assert (report.rows, report.saved) == ((), True)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Ana", "1 cells, the first line has 2"),
        ("Ana,642110478,,x", "4 cells"),
        ('"Ana" Silva,642110478', "quotation marks"),
        ("Ana,64", "too short"),
        (",642110478", "enter a name"),
        ("Ana,", "phone number or an e-mail"),
        ("x" * 201 + ",642110478", "too long"),
        ('"' + "x" * 200_000 + '",642110478', "quotation marks"),
    ],
)
def test_a_refused_row_says_why_and_leaves_the_others_alone(practice, line, says):
    report = patients(practice, "name,phone", "Bela,642110479", line, "", "Carl,642110480")

    assert outcomes(report) == [ADDED, REFUSED, ADDED]
    assert says in report.refused[0].why
    assert report.refused[0].line == 3
    assert count(practice, Patient) == count(practice, Calendar) == 2


def test_empty_cells_past_the_last_column_do_no_harm(practice):
    assert outcomes(patients(practice, "name,phone", "Ana,642110478,,,")) == [ADDED]


def test_a_row_keeps_its_line_after_cells_of_several_lines(practice):
    report = patients(practice, "name,phone,note", 'Ana,642110478,"a\nb\nc"', "Bela,64,")

    assert [each.line for each in report.rows] == [2, 5]


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30)


@given(value=CELLS)
def test_t101_a_cell_is_harmless_to_spreadsheets_and_reads_back_as_it_was(value):
    cell = csv_cell(value)

    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert plain_cell(cell) == value.strip()


@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=5), separator=st.sampled_from(",;\t|"))
@settings(max_examples=100)
def test_what_is_written_as_csv_is_read_back(rows, separator):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator)
    writer.writerows([("name", "phone"), *((csv_cell(x), csv_cell(y)) for x, y in rows)])

    columns = {"name": ("name",), "phone": ("phone",)}
    table = read_table(out.getvalue().encode(), columns)

    wanted = [(x.strip(), y.strip()) for x, y in rows if csv_cell(x).strip() or csv_cell(y).strip()]
    assert [tuple(each.cells.values()) for each in table.rows] == wanted


# Patients.


def test_the_sample_patients_come_in_whole(practice):
    content = (SAMPLES / "patients.csv").read_bytes()

    report = import_patients(practice, CONSOLE, content, now=a.BEFORE)

    assert report.refused == ()
    assert report.counts == {ADDED: 18}
    assert [each.name for each in find_patients(practice, CONSOLE, "obrien", now=a.BEFORE)] == [
        "Sinéad O'Brien"
    ]
    assert list(audit.verify(practice)) == []


def test_the_same_file_twice_adds_nothing(practice):
    content = (SAMPLES / "patients.csv").read_bytes()
    import_patients(practice, CONSOLE, content, now=a.BEFORE)

    report = import_patients(practice, CONSOLE, content, now=a.BEFORE)

    assert report.counts == {UNCHANGED: 18}
    assert count(practice, Patient) == count(practice, Calendar) == 18


def test_each_patient_brought_in_has_a_calendar_of_their_own(practice):
    patients(practice, "name,phone", "Ana,642110478", "Bela,642110479")

    assert len(set(practice.scalars(select(Patient.calendar_id)))) == 2


@pytest.mark.parametrize(
    "line",
    [
        "silva ana,642 110 478,,",
        "Ana Silva,,ANA@example.org,",
        "ANA SILVA,+34 600 000 000,,1984-03-12",
    ],
)
def test_somebody_on_file_is_recognised(practice, line):
    header = "name,phone,email,dob"
    patients(practice, header, "Ana Silva,642110478,ana@example.org,1984-03-12")

    assert outcomes(patients(practice, header, line)) == [UNCHANGED]


@pytest.mark.parametrize(
    "line",
    [
        "Ana Costa,642110478,,",
        "Ana Silva,+34 600 000 000,,",
        "Ana Silva,642110478,,2010-09-15",
    ],
    ids=["shared phone", "same name only", "born on another day"],
)
def test_somebody_else_is_not_taken_for_a_patient_on_file(practice, line):
    header = "name,phone,email,dob"
    patients(practice, header, "Ana Silva,642110478,ana@example.org,1984-03-12")

    assert outcomes(patients(practice, header, line)) == [ADDED]


def test_a_merge_fills_blanks_and_overwrites_nothing(practice):
    patients(practice, "name,phone,note", "Ana Silva,642110478,Prefers mornings")

    report = patients(
        practice, "name,phone,email,note", "Ana Silva,642110478,ana@example.org,Evenings"
    )

    row = report.rows[0]
    assert (row.outcome, row.filled, row.differs) == (MERGED, ("email",), ("desk_note",))
    kept = practice.scalars(select(Patient).execution_options(populate_existing=True)).one()
    assert (kept.email, kept.desk_note, kept.version) == ("ana@example.org", "Prefers mornings", 2)
    assert [each.id for each in find_patients(practice, CONSOLE, "ana@example", now=a.BEFORE)] == [
        kept.id
    ]


def test_alerts_come_along_and_those_on_file_stay(practice):
    patients(practice, "name,phone,alert", 'Ana Silva,642110478,"Deaf\nPays in advance"')

    report = patients(practice, "name,phone,alert", "Ana Silva,642110478,Wheelchair")

    assert report.rows[0].differs == ("alerts",)
    assert practice.scalars(select(Patient.alerts)).one() == "Deaf\nPays in advance"


def test_preferences_come_along_and_those_on_file_stay(practice):
    """What is no part of the day is kept as it is written."""
    header = "name,phone,preferred time,preferences"
    patients(practice, header, 'Ana Silva,642110478,"Evenings, morning",', "Bo,642110479,Fridays,")

    report = patients(
        practice,
        header,
        "Ana Silva,642110478,afternoon,The quiet room",
        "Bo,642110479,,Ground floor",
    )

    assert [each.filled for each in report.rows] == [("preference",), ()]
    assert [each.differs for each in report.rows] == [("preferred_parts",), ("preference",)]
    kept = select(Patient.preferred_parts, Patient.preference).order_by(Patient.id)
    assert practice.execute(kept).all() == [("morning,evening", "The quiet room"), ("", "Fridays")]


@pytest.mark.parametrize("opened_by", ["an account", "a guardian"])
def test_what_is_brought_in_is_not_told_to_who_put_themselves_on_file(practice, opened_by):
    """With the name and birth date of somebody who is not on file here yet."""
    born = date(1984, 3, 5)
    made = a.patient(practice, name="Ana Silva", email="eve@example.org", born_on=born)
    if opened_by == "an account":
        a.user(practice, Role.PATIENT, patient_id=made.id)
    else:
        eve = a.patient(practice, name="Eve Black")
        tied = {"guardian_patient_id": eve.id, "patient_id": made.id}
        practice.add(Dependant(**tied, added_at=a.BEFORE))
    line = "Ana Silva,1984-03-05,+34 642 110 478,,Afraid of needles"
    known = "Ana Silva,1984-03-05,,eve@example.org,"
    report = patients(practice, "name,born_on,phone,email,note", line, known, keep=Keep.GOOD_ROWS)

    assert outcomes(report) == [REFUSED, UNCHANGED]
    assert "by hand" in str(report.rows[0].refusal)
    assert (made.phone, made.desk_note) == ("", "")


def test_the_same_patient_twice_in_one_file_is_one_patient(practice):
    report = patients(
        practice,
        "name,phone,email",
        "Ana Silva,642110478,",
        "Silva Ana,642110478,ana@example.org",
        "Ana Silva,,ana@example.org",
    )

    assert outcomes(report) == [ADDED, MERGED, UNCHANGED]
    assert practice.scalars(select(Patient.email)).one() == "ana@example.org"


@pytest.mark.parametrize(
    ("keep", "saved", "on_file"),
    [(Keep.GOOD_ROWS, True, 1), (Keep.ALL_OR_NOTHING, False, 0), (Keep.NOTHING, False, 0)],
)
def test_the_options_decide_what_is_kept_of_a_file_with_a_bad_row(practice, keep, saved, on_file):
    report = patients(practice, "name,phone", "Ana,642110478", "Bela,1", keep=keep)

    assert outcomes(report) == [ADDED, REFUSED]
    assert (report.saved, count(practice, Patient)) == (saved, on_file)
    assert count(practice, AuditEntry) == on_file


def test_all_or_nothing_takes_a_file_without_a_bad_row(practice):
    assert patients(practice, "name,phone", "Ana,642110478", keep=Keep.ALL_OR_NOTHING).saved
    assert count(practice, Patient) == 1


def test_what_is_recorded_of_an_import_names_no_one(practice):
    patients(practice, "name,phone", "Ana Silva,642110478")

    entry = practice.scalars(select(AuditEntry)).one()
    assert entry.action == "patients.imported"
    assert "Ana" not in entry.fields


@pytest.mark.parametrize(
    ("order", "typed"),
    [
        (DateOrder.YMD, "1984-03-12"),
        (DateOrder.DMY, "12.03.1984"),
        (DateOrder.DMY, "12/3/84"),
        (DateOrder.MDY, "3/12/1984"),
        (DateOrder.MDY, "1984-03-12 00:00:00"),
    ],
)
def test_dates_are_read_in_the_order_that_is_named(practice, order, typed):
    patients(practice, "name,phone,born", f"Ana,642110478,{typed}", date_order=order)

    assert practice.scalars(select(Patient.born_on)).one() == date(1984, 3, 12)


@pytest.mark.parametrize(
    ("order", "typed"),
    [
        (DateOrder.YMD, "12.03.1984"),
        (DateOrder.MDY, "13/12/1984"),
        (DateOrder.DMY, "31.2.1984"),
        (DateOrder.DMY, "spring"),
        (DateOrder.DMY, "1.1.123"),
    ],
)
def test_a_date_out_of_order_is_refused(practice, order, typed):
    report = patients(practice, "name,phone,born", f"Ana,642110478,{typed}", date_order=order)

    assert "is not a date, or not in the order" in report.refused[0].why


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PROFESSIONAL, Role.RECEPTIONIST])
def test_only_admins_import(practice, role):
    actor = a.actor(practice, role)
    for command in (import_patients, import_bookings):
        with pytest.raises(NotAllowed):
            command(practice, actor, b"name,phone\n", now=a.BEFORE)


def test_progress_is_told_to_the_end(practice):
    lines = "\n".join(["name,phone", *[f"Ana {n},642110478" for n in range(1200)]])
    seen = []

    import_patients(
        practice,
        CONSOLE,
        lines.encode(),
        now=a.BEFORE,
        progress=lambda done, total: seen.append((done, total)),
    )

    assert seen == [(500, 1200), (1000, 1200), (1200, 1200)]
    assert count(practice, Patient) == 1200


def test_nobody_waits_at_the_door_while_patients_are_brought_in(postgresql_database):
    knocks = []

    def knock(done, _of):
        with postgresql_database.writing() as door:
            door.execute(text("SET LOCAL lock_timeout = '2s'"))
            throttle.take(door, throttle.WindowCounter("rita", timedelta(hours=1), 5), now=a.BEFORE)
        knocks.append(done)

    with postgresql_database.writing() as session:
        a.organisation(session, zone="Europe/Madrid", country="ES")
    with postgresql_database.writing() as session:
        content = b"name,phone\nNuria Garcia,642110478\n"
        import_patients(session, CONSOLE, content, now=a.BEFORE, progress=knock)

    assert knocks == [1]


# Bookings.


def test_the_sample_bookings_come_in_whole(book):
    import_patients(book, CONSOLE, (SAMPLES / "patients.csv").read_bytes(), now=a.BEFORE)
    content = (SAMPLES / "bookings.csv").read_bytes()

    report = import_bookings(book, CONSOLE, content, now=a.BEFORE)
    again = import_bookings(book, CONSOLE, content, now=a.BEFORE)

    assert report.refused == again.refused == ()
    assert (report.counts, again.counts) == ({ADDED: 17}, {UNCHANGED: 17})
    assert count(book, Booking) == 17
    assert list(audit.verify(book)) == []


def test_a_booking_lies_where_the_wall_clock_of_the_place_says(book):
    report = bookings(book, "Ana Silva,Dr Elena Ruiz,First visit,2026-12-07,09:00,confirmed")

    made = book.scalars(select(Booking)).one()
    assert report.saved
    assert made.starts_at == datetime(2026, 12, 7, 8, tzinfo=UTC)
    assert made.ends_at == datetime(2026, 12, 7, 8, 45, tzinfo=UTC)
    assert (made.state, made.channel, made.price_cents) == ("booked", Channel.IMPORT, 6000)
    assert count(book, Claim) == 2


@pytest.mark.parametrize(
    ("word", "day", "state"),
    [
        ("Confirmed", "2026-12-07", BookingState.BOOKED),
        ("pending", "2026-12-07", BookingState.BOOKED),
        ("", "2026-12-07", BookingState.BOOKED),
        ("", "2026-11-02", BookingState.COMPLETED),
        ("attended", "2026-11-02", BookingState.COMPLETED),
        ("DNA", "2026-11-02", BookingState.NO_SHOW),
        ("No-Show", "2026-11-02", BookingState.NO_SHOW),
        ("Canceled", "2026-12-07", BookingState.CANCELLED),
        ("confirmed", "2026-11-02", BookingState.BOOKED),
    ],
)
def test_the_states_of_others_are_read_in_our_words(book, word, day, state):
    bookings(book, f"Ana Silva,Elena Ruiz,First visit,{day},09:00,{word}")

    assert book.scalars(select(Booking.state)).one() is state


def test_history_outside_hours_is_taken_as_it_was(book):
    report = bookings(book, "Ana Silva,Dr Elena Ruiz,First visit,2026-11-01,22:00,attended")

    assert outcomes(report) == [ADDED]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Zoe,Dr Elena Ruiz,First visit,2026-12-07,09:00,", "No patient on file is Zoe"),
        ("Ana Silva,Dr Who,First visit,2026-12-07,09:00,", "no professional called Dr Who"),
        ("Ana Silva,Elena Ruiz,Massage,2026-12-07,09:00,", "no service called Massage"),
        ("Ana Silva,Elena Ruiz,First visit,2026-12-32,09:00,", "is not a date"),
        ("Ana Silva,Elena Ruiz,First visit,2026-12-07,25:00,", "not a time of day"),
        ("Ana Silva,Elena Ruiz,First visit,2026-12-07,noon,", "not a time of day"),
        ("Ana Silva,Elena Ruiz,First visit,2026-12-07,09:00,maybe", "not a state of a booking"),
        ("Ana Silva,Elena Ruiz,First visit,2026-12-07,09:00,attended", "in the future"),
        ("Ana Silva,Elena Ruiz,First visit,2026-03-29,02:30,", "no 02:30 on 2026-03-29"),
        ("Ana Silva,Elena Ruiz,First visit,2026-10-25,02:30,", "happens twice"),
    ],
)
def test_a_booking_that_cannot_be_read_says_why(book, line, says):
    report = bookings(book, line)

    assert outcomes(report) == [REFUSED]
    assert says in report.rows[0].why


def test_an_offset_tells_which_of_two_times_is_meant(book):
    report = bookings(
        book,
        "Ana Silva,Elena Ruiz,Follow-up,2026-10-25,02:30+02:00,attended",
        "Bela Costa,Elena Ruiz,Follow-up,2026-10-25,02:30+01:00,attended",
    )

    assert outcomes(report) == [ADDED, ADDED]
    first, second = book.scalars(select(Booking.starts_at).order_by(Booking.starts_at))
    assert (first.hour, second.hour) == (0, 1)


def test_an_overlap_is_refused_by_the_guard_and_leaves_nothing_behind(book):
    report = bookings(
        book,
        "Ana Silva,Elena Ruiz,First visit,2026-12-07,09:00,",
        "Bela Costa,Elena Ruiz,First visit,2026-12-07,09:30,",
        "Bela Costa,Tomás Almeida,First visit,2026-12-07,09:30,",
    )

    assert outcomes(report) == [ADDED, REFUSED, ADDED]
    assert "overlaps another booking of Dr Elena Ruiz" in report.rows[1].why
    assert (count(book, Booking), count(book, Claim)) == (2, 4)


def test_a_cancelled_booking_lies_under_the_one_that_took_its_time(book):
    report = bookings(
        book,
        "Ana Silva,Elena Ruiz,First visit,2026-12-07,09:00,cancelled",
        "Bela Costa,Elena Ruiz,First visit,2026-12-07,09:00,booked",
        "Ana Silva,Tomás Almeida,First visit,2026-12-07,11:00,cancelled",
        "Ana Silva,Tomás Almeida,First visit,2026-12-07,11:00,booked",
    )

    assert outcomes(report) == [ADDED] * 4


def test_a_booking_moved_since_its_import_is_not_brought_in_again(book):
    line = "Ana Silva,Elena Ruiz,First visit,2026-12-07,09:00,"
    bookings(book, line)
    made = book.scalars(select(Booking)).one()
    made.starts_at, made.ends_at = a.at(15), a.at(15.75)
    book.flush()

    assert outcomes(bookings(book, line)) == [UNCHANGED]


def test_a_booking_made_at_the_desk_is_recognised(book):
    ana = book.scalars(select(Patient).where(Patient.name == "Ana Silva")).one()
    visit = a.service(book, name="Check")
    doctor = a.professional(book, name="Dr Ada", services=(visit,))
    a.booking(book, doctor, a.span(8, 8.5), patient=ana, service=visit)

    report = bookings(book, "Ana Silva,Dr Ada,Check,2026-12-07,09:00,")

    assert outcomes(report) == [UNCHANGED]


def test_a_title_that_is_longer_without_its_accents_is_remembered(practice):
    title = "ß" * 80
    said = {title: "desk_note"}
    remember_columns(practice, CONSOLE, FileKind.PATIENTS, said, now=a.BEFORE)

    content = f"name,phone,{title}\nAna,1,Window seat".encode()
    headings = read_headings(practice, CONSOLE, FileKind.PATIENTS, content)

    assert [each.column for each in headings] == ["name", "phone", "desk_note"]


def test_two_patients_of_one_name_are_told_apart_by_what_else_is_said(book):
    a.patient(book, name="Ana Silva", email="other@example.org")
    header = "patient,email,professional,service,start,length"

    def bring(line):
        content = f"{header}\n{line}".encode()
        return import_bookings(book, CONSOLE, content, now=a.BEFORE).rows[0]

    unclear = bring("Ana Silva,,Elena Ruiz,Follow-up,2026-12-07 09:00,20")
    clear = bring("Ana Silva,other@example.org,Elena Ruiz,Follow-up,2026-12-07T09:00,20 min")
    nobody = bring("Zoe,other@example.org,Elena Ruiz,Follow-up,2026-12-07T11:00,20")

    assert "Several patients are Ana Silva" in unclear.why
    assert clear.outcome is ADDED
    assert "No patient on file is Zoe" in nobody.why


WHOSE = "patient,phone,email,born on,professional,service,start"


@pytest.mark.parametrize(
    "who",
    [
        "Ana Silva,642110478,,",
        "Silva Ana,,ANA@example.org,",
        "Ana Silva,642110478,ana@example.org,1984-03-12",
        "Bela Costa,642110999,bela@example.org,",  # no phone on file that would differ
        ",642110478,,",
        "Carla Dias,,,1971-05-06",
    ],
)
def test_a_booking_goes_to_whom_name_and_details_agree_on(book, who):
    known_as(book)
    content = f"{WHOSE}\n{who},Elena Ruiz,Follow-up,2026-12-07 09:00".encode()

    assert outcomes(import_bookings(book, CONSOLE, content, now=a.BEFORE)) == [ADDED]


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("Bela Costa,,,", "A name alone does not say which Bela Costa"),
        ("Ana Silva,642110000,,", "Ana Silva is on file with another phone"),
        ("Ana Silva,642110478,bela@example.org,", "Ana Silva is on file with another e-mail"),
        ("Ana Silva,642110478,,1984-03-13", "Ana Silva is on file with another date of birth"),
        ("Bela Costa,,ana@example.org,", "Bela Costa is on file with another e-mail"),
        ("Bela Costa,642110478,,", "Bela Costa is on file without phone"),
        (",642110478,bela@example.org,", "No patient on file is"),
        (",,bela@example.org,1990-01-01", "No patient on file is"),
        (",,,1984-03-12", "No patient on file is"),
        (",,,", "No patient on file is"),
        ("Ana Silva,,,12/03/1984", "not a date"),
    ],
)
def test_a_booking_goes_to_nobody_whom_the_row_does_not_describe(book, who, says):
    known_as(book)
    content = f"{WHOSE}\n{who},Elena Ruiz,Follow-up,2026-12-07 09:00".encode()

    report = import_bookings(book, CONSOLE, content, now=a.BEFORE)

    assert outcomes(report) == [REFUSED]
    assert says in report.rows[0].why
    assert count(book, Booking) == 0


def known_as(session):
    """What tells the patients of the book apart, and one more with a birth date alone."""
    ana = session.scalars(select(Patient).where(Patient.name == "Ana Silva")).one()
    ana.born_on = date(1984, 3, 12)
    a.patient(session, name="Carla Dias", born_on=date(1971, 5, 6))
    session.flush()


@pytest.mark.parametrize(
    ("column", "value", "minutes"),
    [
        ("end", "10:20", 80),
        ("end", "2026-12-07 10:00", 60),
        ("length", "0:50", 50),
        ("length", "", 45),
    ],
)
def test_a_visit_is_as_long_as_its_end_or_length_or_the_offer_says(book, column, value, minutes):
    content = (
        f"patient,with,type,start,{column}\n"
        f"Ana Silva,Elena Ruiz,First visit,2026-12-07 09:00,{value}\n"
    )
    import_bookings(book, CONSOLE, content.encode(), now=a.BEFORE)

    assert book.scalars(select(Booking)).one().interval.minutes == minutes


@pytest.mark.parametrize(("column", "value"), [("end", "09:00"), ("length", "0"), ("length", "x")])
def test_a_visit_that_does_not_last_is_refused(book, column, value):
    content = (
        f"patient,with,type,start,{column}\n"
        f"Ana Silva,Elena Ruiz,First visit,2026-12-07 09:00,{value}\n"
    )
    report = import_bookings(book, CONSOLE, content.encode(), now=a.BEFORE)

    assert outcomes(report) == [REFUSED]


def test_a_professional_is_known_by_their_user_name(book):
    doctor = a.professional(book, name="Dr Ada", services=())
    a.offer(book, doctor, book.scalars(select(Service).where(Service.name == "First visit")).one())
    a.user(book, Role.PROFESSIONAL, username="ada@example.org", professional_id=doctor.id)

    report = bookings(book, "Ana Silva,Ada@example.org,First visit,2026-12-07,09:00,")

    assert outcomes(report) == [ADDED]


@pytest.mark.parametrize(
    ("keep", "kept"), [(Keep.GOOD_ROWS, 1), (Keep.ALL_OR_NOTHING, 0), (Keep.NOTHING, 0)]
)
def test_the_options_decide_what_is_kept_of_bookings(book, keep, kept):
    report = bookings(
        book,
        "Ana Silva,Elena Ruiz,First visit,2026-12-07,09:00,",
        "Bela Costa,Elena Ruiz,First visit,2026-12-07,09:30,",
        keep=keep,
    )

    assert outcomes(report) == [ADDED, REFUSED]
    assert report.saved is bool(kept)
    assert (count(book, Booking), count(book, Claim)) == (kept, 2 * kept)


# Values.


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("60", 6000),
        ("60.50", 6050),
        ("60,5", 6050),
        ("1.234,50 €", 123450),
        ("€ 1,234", 123400),
        ("", None),
    ],
)
def test_prices_are_read_as_people_write_them(typed, cents):
    assert read_cents(typed) == cents


@pytest.mark.parametrize("typed", ["free", "-5", "9" * 12, "1e400", "NaN", "--"])
def test_what_is_no_price_is_refused(typed):
    with pytest.raises(Invalid, match="is not a price"):
        read_cents(typed)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("09:30", time(8, 30)),
        ("9:30", time(8, 30)),
        ("9.30", time(8, 30)),
        ("9h30", time(8, 30)),
        ("09:30:00", time(8, 30)),
        ("9:30 am", time(8, 30)),
        ("9 PM", time(20)),
        ("12:00 am", time(23)),
        ("09:30Z", time(9, 30)),
        ("09:30+0530", time(4)),
    ],
)
def test_times_are_read_as_people_write_them(typed, expected):
    assert read_start("2026-12-07", typed, DateOrder.YMD, MADRID).time() == expected


@given(st.text(max_size=20))
@settings(max_examples=300)
def test_t091_any_text_is_a_value_or_a_refusal(typed):
    for read in (
        lambda: read_date(typed, DateOrder.DMY, "date"),
        lambda: read_start("2026-12-07", typed, DateOrder.YMD, MADRID),
        lambda: read_minutes(typed),
        lambda: read_cents(typed),
        lambda: read_state(typed, a.at(9), a.BEFORE),
    ):
        with contextlib.suppress(Invalid):
            read()
