"""The one way for what people wrote into what Streamlit reads as Markdown."""

import re

# Streamlit looks for some marks (emoji, icons, colours, bare addresses, arrows) in the text
# that is left when the backslashes are gone. This character has no width and no meaning,
# and takes such a mark apart.
APART = "\u2060"

LINE_BREAK = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
COLON = re.compile(r":(?=\S)(?!(?<=\d:)\d\d(?![\d:]))")
"""The colon of ``:red[``, ``:smile:`` or ``http://``, but not that of 10:15."""
ADDRESS = re.compile(r"@(?=\S)|\bwww(?=\.)", re.IGNORECASE)
ARROW = re.compile(r"[-<>~](?=[-=>])")
MARK = re.compile(r"[\\`*_\[\]<$~|&]")
LIST_OR_HEADING = re.compile(r"^(\d{0,9})([#>+\-=.)])")


def md(text: object) -> str:
    """The text as it is, wherever Markdown is read: nothing in it acts, links or loads.

    Its lines are joined into one. Not for ``st.badge``, which escapes brackets by itself and
    so undoes ours.
    """
    line = LINE_BREAK.sub(" ", str(text)).strip()
    for mark in (COLON, ADDRESS, ARROW):
        line = mark.sub(rf"\g<0>{APART}", line)
    return LIST_OR_HEADING.sub(r"\1\\\2", MARK.sub(r"\\\g<0>", line))
