"""The demo's patients: names, telephone numbers and birthdays from many places."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

import phonenumbers
from sqlalchemy.orm import Session

from core.models import Calendar, CalendarKind, PartOfDay, Patient
from core.patients import NewPatient, Preferences, fold, search_text
from core.patients.preferences import columns_of
from core.patients.typed import ANYTHING

COUNT = 400
TWICE = 2
"""So many are on file a second time."""
ANA = NewPatient(
    name="Ana Silva",
    phone="+351912345678",
    email="ana.silva@example.com",
    born_on=date(1988, 3, 12),
    language="pt",
    preferences=Preferences(parts=(PartOfDay.MORNING,)),
)
"""Whoever signs in as the demo's patient."""


@dataclass(frozen=True)
class Origin:
    """Where some patients come from: their share of a hundred, their numbers and names."""

    share: int
    language: str
    country: str
    mobile: str
    """A number of theirs; its last digits are replaced."""
    first: str
    last: str


ORIGINS = (
    Origin(
        34,
        "pt",
        "PT",
        "+351912345678",
        "Maria João Inês Duarte Catarina Tiago Leonor Gonçalo Rita Vasco Mariana Nuno Beatriz "
        "Rui Filipa Hugo Joana Miguel Sofia Diogo",
        "Ferreira Pereira Oliveira Gonçalves Rodrigues Martins Carvalho Lopes Marques Fernandes "
        "Ribeiro Pinto Teixeira Moreira Correia Mendes Nunes Vieira Araújo Cardoso",
    ),
    Origin(
        12,
        "es",
        "ES",
        "+34612345678",
        "Lucía Martín Carmen Álvaro Paula Javier Nuria Sergio Marta Íñigo Begoña Andrés",
        "García Muñoz Hernández Jiménez Ibáñez Núñez Castaño Ortega Peña Serrano Vázquez",
    ),
    Origin(
        8,
        "pt",
        "BR",
        "+5511961234567",
        "Thiago Larissa Caio Bruna Renato Camila Otávio Júlia Rafael Letícia",
        "Barbosa Nascimento Siqueira Conceição Moura Brandão Freitas Assunção",
    ),
    Origin(
        8,
        "en",
        "NG",
        "+2348021234567",
        "Chidi Adaeze Emeka Yetunde Tunde Ifeoma Segun Amaka Femi Zainab",
        "Okonkwo Adeyemi Nwosu Balogun Eze Ogunleye Abubakar Chukwu Danjuma",
    ),
    Origin(
        8,
        "de",
        "DE",
        "+4915123456789",
        "Lena Jürgen Annika Matthias Käthe Sören Friederike Uwe Heike Björn",
        "Müller Schröder Krüger Vogel Groß Böhm Lehmann Weiß Hartmann",
    ),
    Origin(
        6,
        "ja",
        "JP",
        "+819012345678",
        "Haruka Kenji Yūki Sakura Takumi Naoko Ren Aiko Hiroshi",
        "Yamamoto Satō Kobayashi Inoue Matsuda Ōta Fujimoto Hayashi",
    ),
    Origin(
        7,
        "ar",
        "AE",
        "+971501234567",
        "Layla Omar Fatima Youssef Nour Karim Salma Tariq Huda Ziad",
        "Al-Masri Khoury Hassan El-Sayed Mansour Saleh Abdallah Nasser",
    ),
    Origin(
        6,
        "pl",
        "PL",
        "+48512345678",
        "Łukasz Agnieszka Paweł Zofia Grzegorz Małgorzata Wojciech Kinga",
        "Kowalski Wójcik Zieliński Łukaszewicz Dąbrowska Szczepański Król",
    ),
    Origin(
        6,
        "en",
        "IE",
        "+353850123456",
        "Siobhán Ciarán Aoife Pádraig Niamh Declan Róisín Eoin",
        "O'Brien Murphy Ní-Dhomhnaill O'Sullivan Byrne Gallagher McCarthy",
    ),
    Origin(
        5,
        "uk",
        "UA",
        "+380501234567",
        "Oksana Andriy Iryna Taras Kateryna Bohdan Solomiya Petro",
        "Shevchenko Kovalenko Bondarenko Melnyk Tkachenko Lysenko",
    ),
)


@dataclass(frozen=True)
class Remark:
    """What is known about somebody besides how to reach them."""

    note: str = ""
    alerts: str = ""
    liked: Preferences = ANYTHING


REMARKS = (
    Remark(liked=Preferences(parts=(PartOfDay.MORNING,), words="The first visit of the day")),
    Remark(alerts="Uses a wheelchair: ground floor only"),
    Remark(note="Please call, does not read e-mail."),
    Remark(alerts="Interpreter needed: allow ten minutes more"),
    Remark(note="Asked for a receipt with the tax number.", alerts="Pays in advance"),
    Remark(liked=Preferences(parts=(PartOfDay.AFTERNOON, PartOfDay.EVENING), words="Works nights")),
)
NOBODY_SPECIAL = Remark()


def write(session: Session, chance: Random, *, today: date, now: datetime) -> list[Patient]:
    """Put them all on file; Ana Silva is the first."""
    rows = []
    for each in [ANA, *_with_two_twice(list(_everybody(chance, today)))]:
        registered = now - timedelta(days=chance.randint(100, 900), minutes=chance.randint(0, 600))
        rows.append(
            Patient(
                calendar=Calendar(kind=CalendarKind.PATIENT),
                **columns_of(each),
                search=search_text(each),
                created_at=registered,
                updated_at=registered,
            )
        )
    session.add_all(rows)
    session.flush()
    return rows


def _everybody(chance: Random, today: date) -> Iterator[NewPatient]:
    names: set[str] = {ANA.name}
    shares = [each.share for each in ORIGINS]
    while len(names) < COUNT:
        (origin,) = chance.choices(ORIGINS, shares)
        name = f"{chance.choice(origin.first.split())} {_family(chance, origin)}"
        if name not in names:
            names.add(name)
            yield _patient(chance, origin, name, today)


def _with_two_twice(people: list[NewPatient]) -> list[NewPatient]:
    """The last two are others once more, as somebody typed them on the telephone."""
    once = people[:-TWICE]
    spelt = [each for each in once if each.phone and fold(each.name) != each.name.lower()]
    again = (NewPatient(fold(each.name).title(), each.phone) for each in spelt[:TWICE])
    return [*once, *again]


def _family(chance: Random, origin: Origin) -> str:
    """Portuguese and Spanish people mostly go by two family names."""
    names = origin.last.split()
    if origin.country in ("PT", "ES") and chance.random() < 0.4:
        return " ".join(chance.sample(names, 2))
    return chance.choice(names)


def _patient(chance: Random, origin: Origin, name: str, today: date) -> NewPatient:
    # Most people who live here have a number of here.
    local = chance.random() < 0.45
    phone = _number(chance, ORIGINS[0] if local else origin)
    reachable = chance.random()
    email = f"{fold(name).replace(' ', '.')}@example.{chance.choice(('com', 'org', 'net'))}"
    is_child = chance.random() < 0.2
    age = chance.triangular(0.5, 16, 6) if is_child else chance.triangular(18, 93, 44)
    born_on = today - timedelta(days=round(age * 365.25))
    is_known = is_child or chance.random() < 0.93
    remark = chance.choice(REMARKS) if chance.random() < 0.08 else NOBODY_SPECIAL
    return NewPatient(
        name=name,
        phone="" if reachable > 0.96 else phone,
        email="" if reachable < 0.27 else email,
        born_on=born_on if is_known else None,
        language=origin.language,
        desk_note=remark.note,
        alerts=remark.alerts,
        preferences=remark.liked,
    )


def _number(chance: Random, origin: Origin) -> str:
    """A number that could be theirs."""
    while True:
        phone = origin.mobile[:-6] + f"{chance.randrange(10**6):06}"
        if phonenumbers.is_valid_number(phonenumbers.parse(phone)):
            return phone
