"""A figure: bars with their numbers in words, what they count, and the same as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.analytics.behind import Behind
from core.analytics.files import FigureAsked
from core.analytics.grouping import By, Key
from core.analytics.searches import WHY_NOT
from core.analytics.seats import FEW_DUE
from core.analytics.tables import CHANNELS, NONE, WORDS, Table
from dashboard.components.words import told_apart
from dashboard.exporting import download_button
from dashboard.figures.cells import ON_SCREEN, column_forms
from dashboard.formatting import MONTHS, separators
from dashboard.i18n import _

PERCENT, WHOLE, MONEY = ".2~%", ",d", ",.0f"
"""How heights are written beside the lines, as d3 has it."""
FEW = FEW_DUE
"""A share of fewer than these says little: one more or less changes it by a twentieth."""

COLOURS = {
    "light": ("#0072B2", "#E69F00", "#009E73", "#CC79A7"),
    "dark": ("#56B4E9", "#E69F00", "#2CB58C", "#CC79A7"),
}
"""Okabe and Ito's, told apart by every eye; the patterns beside them tell as well."""
PATTERNS = ("", "/", ".", "x")
INK = {"light": "#14232B", "dark": "#E6EEF0"}
LINES = {"light": "#E3E8EB", "dark": "#2E3B40"}
ROW_PIXELS, FRAME_PIXELS, TALL_PIXELS, LETTER_PIXELS = 34, 70, 320, 7
STILL = {"displayModeBar": False}
"""Of a figure that only tells, and is not moved about in."""


@dataclass(frozen=True)
class Bar:
    """One group: a height for each series, what it says, and whether it rests on few."""

    label: str
    heights: Sequence[float | None]
    says: str
    tells: str
    """When it is pointed at."""
    few: bool = False


@dataclass(frozen=True)
class Grouped:
    """What the bars of a figure count, by what, and which group each of them is."""

    what: Behind
    by: By
    keys: Sequence[Key]


@dataclass(frozen=True)
class Figure:
    key: str
    title: str
    counts: str
    """A sentence on what it counts, and of what."""
    bars: Sequence[Bar]
    series: Sequence[str] = field(default=("",))
    lying: bool = False
    """For names, which are long."""
    ticks: str = WHOLE
    behind: Grouped | None = None
    """Where the bookings behind a bar can be looked at."""


def choose(ways: Mapping[str, Mapping[str, By]], key: str) -> tuple[str, str]:
    """Which figure of a view, and how it is grouped; both stand in the address."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"{key}_row"):
        names = list(ways)
        of = st.segmented_control(
            _("Of what"),
            names,
            default=names[0],
            format_func=_,
            key=f"{key}_of",
            required=True,
            label_visibility="collapsed",
            bind="query-params",
        )
        chosen = of or names[0]
        if not ways[chosen]:
            return chosen, ""
        group = st.selectbox(
            _("By"),
            list(ways[chosen]),
            format_func=lambda each: _("by {group}").format(group=_(each).lower()),
            key=f"{key}_by_{list(ways.values()).index(ways[chosen])}",  # one for equal groups
            label_visibility="collapsed",
            width=220,
            bind="query-params",
        )
    return chosen, group


def theme() -> str:
    return "dark" if st.context.theme.type == "dark" else "light"


def show(figure: Figure) -> None:
    """Draw it, with what has to be known about it."""
    say_title(figure)
    st.plotly_chart(drawn(figure, theme()), key=figure.key, config=STILL)
    say_few(figure)


def say_title(figure: Figure) -> None:
    st.subheader(figure.title, help=figure.counts, anchor=False)


def say_few(figure: Figure) -> None:
    if any(each.few for each in figure.bars):
        st.caption(
            _(
                "Pale bars rest on fewer than {few}: one more or less changes much, so read "
                "them with care."
            ).format(few=FEW)
        )


def drawn(figure: Figure, theme: str, chosen: int | None = None) -> go.Figure:
    """The bars, one above the other where there are several series; one may be marked."""
    labels = told_apart(_plain(each.label) for each in figure.bars)  # one name is one place
    marked = [3 if number == chosen else 0 for number in range(len(labels))]
    made = go.Figure()
    for number, name in enumerate(figure.series):
        heights = [each.heights[number] for each in figure.bars]
        ends = number == len(figure.series) - 1
        made.add_bar(
            name=name,
            x=heights if figure.lying else labels,
            y=labels if figure.lying else heights,
            orientation="h" if figure.lying else "v",
            customdata=[_plain(each.tells) for each in figure.bars],
            hovertemplate="%{customdata}<extra></extra>",
            text=[each.says for each in figure.bars] if ends else None,
            textposition="outside" if ends else "none",
            textangle=0,
            cliponaxis=False,
            marker={
                "color": COLOURS[theme][number],
                "pattern": {"shape": PATTERNS[number], "solidity": 0.25},
                "opacity": [0.45 if each.few else 1 for each in figure.bars],
                "line": {"color": INK[theme], "width": marked},
            },
            # Without these Plotly fails at a click wherever opacities are a list.
            selected={"textfont": {"color": INK[theme]}},
            unselected={"textfont": {"color": INK[theme]}},
        )
    _lay_out(made, figure, theme)
    return made


def _lay_out(made: go.Figure, figure: Figure, theme: str) -> None:
    ink = {"size": 12, "color": INK[theme]}
    lying, several = figure.lying, len(figure.series) > 1
    beside = max(40, *(LETTER_PIXELS * len(each.says) for each in figure.bars), 0)
    made.update_layout(
        barmode="stack",
        separators="".join(reversed(separators())),
        height=FRAME_PIXELS + ROW_PIXELS * len(figure.bars) if lying else TALL_PIXELS,
        margin={"l": 0, "r": beside if lying else 0, "t": 26, "b": 4},
        showlegend=several,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": ink},
        bargap=0.25,
        font=ink,
        uniformtext={"minsize": 9, "mode": "hide"},
    )
    values = {
        "rangemode": "tozero",
        "gridcolor": LINES[theme],
        "tickformat": figure.ticks,
        "tickfont": ink,
        "zeroline": False,
        "fixedrange": True,
        "nticks": 5,
    }
    groups = {"type": "category", "tickfont": ink, "fixedrange": True, "automargin": True}
    if lying:
        made.update_xaxes(**values)
        made.update_yaxes(**groups, autorange="reversed", ticksuffix="  ")
    else:
        made.update_yaxes(**values)
        made.update_xaxes(**groups)


def show_numbers(table: Table, asked: FigureAsked, currency: str = "") -> None:
    """The figure's numbers as a table, folded away, and as a file."""
    with st.expander(_("The numbers as a table")):
        show_table(table, currency, key=f"{asked.figure}_table_{asked.by}")
        download_button(
            _("Download"), "figure", *asked.words, key=f"{asked.figure}_download_{asked.by}"
        )


def show_table(table: Table, currency: str = "", *, key: str) -> None:
    """The numbers behind the figure."""
    titles = [_(ON_SCREEN.get(each, each)) for each in table.titles]
    rows = [[_said(value) for value in row] for row in table.rows]
    forms: dict[Any, Any] = dict(zip(titles, column_forms(table, currency), strict=True))
    st.dataframe(
        pd.DataFrame(rows, columns=titles).style.format(forms, na_rep="–"),
        hide_index=True,
        width="stretch",
        height="content",
        placeholder="–",
        key=key,
        column_config={titles[0]: st.column_config.Column(pinned=True)},
    )


def label_of(by: By, word: object) -> str:
    """A group as its bar is labelled, as short as it can be."""
    if isinstance(word, date):
        month = _(MONTHS[word.month - 1])[:3]
        if by is By.MONTH:
            return _("{month} {year}").format(month=month, year=word.year)
        return _("{day} {month}").format(day=word.day, month=month)
    said = str(_said(word))
    return said[:3] if by is By.WEEKDAY else said


def _said(value: object) -> object:
    return _(value) if isinstance(value, str) and value in KNOWN else value


def _plain(text: str) -> str:
    """Text for a figure, which would read a tag in it; our own line breaks stay."""
    return text.replace("<", "‹").replace("‹br>", "<br>")


KNOWN = {
    each
    for words in (*WORDS.values(), CHANNELS.values(), NONE.values(), WHY_NOT.values())
    for each in words
}
