"""Words as they are compared: without accents, case or punctuation."""

import unicodedata

LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
DROPPED = frozenset("'’‘ʼ`´ʹʻ")


def fold(text: str) -> str:
    """Letters without accents or case, in words divided by one space.

    Works letter by letter, so that the fold of a part is part of the fold. Apostrophes
    vanish (O'Brien is obrien); other punctuation divides words.
    """
    folded = "".join(_fold_letter(each) for each in text)
    return " ".join(folded.split())


def _fold_letter(letter: str) -> str:
    if letter.isascii():
        if letter.isalnum():
            return letter.lower()
        return "" if letter in DROPPED else SYMBOLS.get(letter, " ")
    if letter in DROPPED:
        return ""
    parts = unicodedata.normalize("NFKD", letter).casefold().translate(LETTERS)
    return "".join(_fold_part(each) for each in unicodedata.normalize("NFKD", parts))


SYMBOLS = {each: each for each in "+=<>|~^$"}


def _fold_part(part: str) -> str:
    category = unicodedata.category(part)
    if unicodedata.combining(part) or category in ("Cc", "Cf", "Cs"):
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(part))
    return " " if category[0] in "PZ" else part
