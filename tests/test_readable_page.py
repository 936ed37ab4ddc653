"""The page of an export that a person reads and prints."""

import io
import zipfile
from datetime import date
from html.parser import HTMLParser

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from core import privacy
from core.booking.groups import SeatRequest, join
from core.models import BookingState, Patient, PreferredProfessional, Recall, Role, WaitingEntry
from core.policy import CONSOLE, Actor
from core.privacy.readable import in_english
from dashboard import i18n
from tests import a
from tests.browser.hostile import NAMES

S = BookingState
NOW = a.at(8)


class Read(HTMLParser):
    """Which elements and attributes a browser would make of a page, and what it would show."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.shown: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= set(attrs)

    def handle_data(self, data):
        self.shown.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.shown).split())


def page_of(session, patient, speaks=in_english) -> str:
    own = Actor(Role.PATIENT, "Own", patient_id=patient.id)
    content = privacy.export_patient(session, own, patient.id, now=NOW, speaks=speaks)
    return zipfile.ZipFile(io.BytesIO(content)).read("person.html").decode()


def everything(
    session, name="Ana Silva", said="Brings a dog", service="Follow-up", doctor="Dr Ruiz"
) -> Patient:
    """Somebody with a row in each part of the page; ``said`` stands wherever one types."""
    offered = a.service(session, name=service, price_cents=4500)
    seen_by = a.professional(session, name=doctor, services=(offered,))
    ana = a.patient(
        session,
        name=name,
        phone="+351912345678",
        born_on=date(1988, 3, 12),
        alerts=said,
        preference=said,
        preferred_parts="morning",
        desk_note=said,
    )
    session.add(PreferredProfessional(patient_id=ana.id, professional_id=seen_by.id))
    coming = a.booking(session, seen_by, a.span(10, 10.5, day=2), service=offered, patient=ana)
    coming.desk_note = said
    past = a.booking(
        session,
        seen_by,
        a.span(10, 10.5, day=-7),
        service=offered,
        patient=ana,
        state=S.CANCELLED,
    )
    past.cancel_reason = said
    session.add_all(
        [
            WaitingEntry(
                patient_id=ana.id,
                service_id=offered.id,
                from_on=a.DAY,
                weekdays="1,2",
                times="",
                notice_minutes=0,
                note=said,
                request_key=f"wait {ana.id}",
                created_at=a.BEFORE,
            ),
            Recall(
                patient_id=ana.id,
                service_id=offered.id,
                due_on=date(2027, 6, 1),
                note=said,
                request_key=f"recall {ana.id}",
            ),
        ]
    )
    session.flush()
    return ana


def test_t156_the_page_is_headed_and_tells_all_of_it_with_dates_in_words(session):
    ana = everything(session)

    read = Read(page_of(session, ana))

    assert "Rua Nova Practice What is kept about Ana Silva" in read.text
    assert "Written on Monday 7 December 2026, 08:00." in read.text
    for told in (
        "+351 912 345 678",
        "12 March 1988",
        "Dr Ruiz Mornings Brings a dog",
        "Visits to come Wednesday 9 December 2026, 10:00 "
        "Follow-up with Dr Ruiz · 45.00 EUR · Booked Note: Brings a dog",
        "Past and cancelled visits Monday 30 November 2026, 10:00 "
        "Follow-up with Dr Ruiz · 45.00 EUR · Cancelled Reason: Brings a dog",
        "Waiting list Follow-up Since Friday 4 December 2026, 12:00 Note: Brings a dog",
        "To be seen again Tuesday 1 June 2027 Follow-up Note: Brings a dog",
    ):
        assert told in read.text


def test_what_is_not_written_out_is_named_with_what_it_is_for(session):
    ana = everything(session)
    a.user(session, Role.PATIENT, patient_id=ana.id)

    text = Read(page_of(session, ana)).text

    assert "users.csv Kept so that they can sign in" in text
    assert "bookings.csv" not in text


def test_somebody_of_whom_hardly_anything_is_known_gets_a_page_too(session):
    patient = a.patient(session, name="Mr Reed")

    text = Read(page_of(session, patient)).text

    assert "Visits to come Nothing. Past and cancelled visits Nothing." in text


def test_t156_the_page_tells_nothing_about_anybody_else_in_a_group(session):
    ana, other = a.patient(session, name="Ana Silva"), a.patient(session, name="Other Person")
    yoga = a.service(session, name="Yoga", seats=3)
    doctor = a.professional(session, services=(yoga,))
    group = a.booking(session, doctor, a.span(14, 15), service=yoga, patient=other)
    group.seats, group.desk_note = 3, "Other Person is late"
    session.flush()
    join(session, CONSOLE, SeatRequest(group.id, group.version, ana.id), now=a.BEFORE)

    page = page_of(session, ana)

    assert "Yoga with" in page
    assert "Other Person" not in page


def test_t096_a_name_that_tries_to_be_markup_is_text(sqlite_database):
    with sqlite_database.writing() as session:
        plain = Read(page_of(session, everything(session)))
        for number in range(0, len(NAMES), 5):
            names = [*NAMES[number:], *NAMES][:5]
            a.organisation(session).name = names[0]
            read = Read(page_of(session, everything(session, *names[1:])))

            assert (read.tags, read.attributes) == (plain.tags, plain.attributes), names
            for each in names:
                assert " ".join(each.split()) in read.text


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(session):
    read = Read(page_of(session, everything(session)))

    assert not {"script", "link", "img", "iframe", "a", "form"} & read.tags
    names = {name for name, _value in read.attributes}
    assert not {"src", "href", "style"} & names
    assert not [each for each in names if each.startswith("on")]
    policy = ("content", "default-src 'none'; style-src 'unsafe-inline'")
    assert policy in read.attributes


@pytest.fixture
def portuguese(tmp_path, monkeypatch):
    """A catalogue of a few sentences, read as those of a translator are."""
    catalogue = Catalog(locale="pt")
    for english, translated in (
        ("What is kept about {name}", "O que se guarda sobre {name}"),
        ("Wednesday", "quarta-feira"),
        ("December", "dezembro"),
        ("{weekday} {day} {month} {year}", "{weekday}, {day} de {month} de {year}"),
        ("Booked", "Marcada"),
    ):
        catalogue.add(english, translated)
    place = tmp_path / "pt" / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "frontdesk.mo").open("wb") as file:
        write_mo(file, catalogue)
    monkeypatch.setattr(i18n, "LOCALE", tmp_path)
    i18n._catalogue.cache_clear()
    yield
    i18n._catalogue.cache_clear()


def test_the_page_is_in_the_language_of_whom_it_is_about(session, portuguese):
    ana = everything(session)
    ana.language = "pt"

    page = page_of(session, ana, speaks=i18n.spoken_by)

    assert '<html lang="pt">' in page
    assert "O que se guarda sobre Ana Silva" in page
    assert "quarta-feira, 9 de dezembro de 2026" in page
    assert "Marcada" in page


@pytest.mark.parametrize(
    ("kept", "said"),
    [("pt", "Portuguese"), ("Klingon & more", "Klingon &amp; more")],
    ids=["by-code", "in-words"],
)
def test_the_language_is_named_and_what_is_no_code_stays_as_it_was_written(session, kept, said):
    ana = everything(session)
    ana.language = kept

    page = page_of(session, ana)

    assert said in page
    assert ">pt<" not in page


@pytest.mark.parametrize("language", ["", "ja", "../../etc/passwd", "what my mother spoke"])
def test_a_language_that_nobody_translated_gives_english(session, portuguese, language):
    ana = everything(session)
    ana.language = language

    page = page_of(session, ana, speaks=i18n.spoken_by)

    assert '<html lang="en">' in page
    assert "What is kept about Ana Silva" in page
