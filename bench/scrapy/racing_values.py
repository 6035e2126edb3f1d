"""What the texts of a race page mean: the rules of the source `racing`, as one writes them in Python."""

import re
from functools import lru_cache
from urllib.parse import unquote

COUNTRIES = frozenset(("GB", "IRE", "FR"))
IMPERIAL = frozenset(("GB", "IRE", "USA", "CAN"))
# Courses under British rules outside Great Britain, whose names carry no country.
COUNTRY_OF_COURSE = {("426", "les-landes"): "JER", ("1034", "lancresse"): "GUE"}

NONE = re.compile(r"[-–—−]*\Z").match
BRACKETS = re.compile(r"\(([^()]*)\)")
DIGITS = re.compile(r"\d+").search
VULGAR = {"¼": 1 / 4, "½": 1 / 2, "¾": 3 / 4, "⅓": 1 / 3, "⅔": 2 / 3, "⅕": 1 / 5, "⅖": 2 / 5, "⅗": 3 / 5}
VULGAR |= {"⅘": 4 / 5, "⅙": 1 / 6, "⅚": 5 / 6, "⅛": 1 / 8, "⅜": 3 / 8, "⅝": 5 / 8, "⅞": 7 / 8}
# `2½`, `½`, `2 1/2`, `2.5`, `3`.
MIXED = r"(?:\d+\s*[¼-¾⅓-⅞]|[¼-¾⅓-⅞]|\d+\s+\d+/\d+|\d+/\d+|\d+(?:\.\d+)?)"
WHOLE = re.compile(MIXED).fullmatch
DISTANCE = re.compile(
    rf"(?:({MIXED})\s*m(?:iles?)?)?\s*(?:({MIXED})\s*f(?:urlongs?)?)?\s*(?:(\d+)\s*(?:yards?|yds?|y))?", re.I
).fullmatch
CLOCK = re.compile(r"(?:(\d+)\s*m(?:in)?s?\s*|(\d+):)?(?:(\d+(?:\.\d+)?)\s*s?(?:ecs?)?)?", re.I).fullmatch
NAMED_LENGTHS = {"dht": 0.0, "nse": 0.05, "shd": 0.1, "sht-hd": 0.1, "hd": 0.2, "snk": 0.2, "nk": 0.3}
NAMED_LENGTHS |= {"lgnk": 0.4, "dist": 30.0}
PRICE = re.compile(r"(?:(\d+)/(\d+)|(evens?|evs|evn)|(\d+\.\d+)) ?([FJC]{0,2})", re.I).fullmatch
AMOUNT = re.compile(r"[^\d]{0,4}(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*\D{0,4}").fullmatch
COUNTRY_AT_END = re.compile(r"\s*\(\s*([A-Za-z]{2,4})\s*\)\Z")
COUNTRY_CODE = re.compile(r"[A-Za-z]{2,4}").search
RATINGS = re.compile(r"\d+\s*[-–]\s*\d+").fullmatch
RATINGS_IN_TITLE = re.compile(r"\((\d{1,3}\s*[-–]\s*\d{1,3})\)").search
AGES = re.compile(r"\dyo", re.I).search

GRADED = re.compile(r"\b(?:(group)\s+([1-3]|i{1,3})|(grade)\s+([1-3]|i{1,3}|[abc]))\b", re.I)
LISTED = re.compile(r"\blisted race\b|(?<=\()\s*listed\b", re.I)
CLASS = re.compile(r"\bclass\s+([1-7]|[a-h])\b", re.I)
PRINTED_CLASS = re.compile(r"(?:class\s*)?([1-7]|[a-h])", re.I).fullmatch
CLASS_OF_LETTER = {"A": 1, "B": 2, "C": 3, "D": 4, "E": 5, "F": 6, "G": 6, "H": 7}
EDGES = re.compile(r"^[\s,;:–-]+|[\s,;:–-]+$")
LOOSE_END = re.compile(r"\s*[-–,:]\Z")
SEXES = [
    (re.compile(pattern, re.I).search, code)
    for pattern, code in (
        (r"\bfillies['’]?\s*(?:&|and)\s*mares\b|\(f\s*&\s*m\)", "F & M"),
        (r"\bcolts['’]?\s*(?:&|and)\s*fillies\b|\(c\s*&\s*f\)", "C & F"),
        (r"\bcolts['’]?\s*(?:&|and|/)\s*geldings\b|\(c\s*&\s*g\)", "C & G"),
        (r"\bfillies\b", "F"),
        (r"\bmares\b", "M"),
    )
]
TYPES = [
    (re.compile(pattern, re.I).search, kind)
    for pattern, kind in (
        (r"\bhurdles?\b", "Hurdle"),
        (r"\bchase\b|\bsteeple-?chase\b", "Chase"),
        (
            r"\bnational hunt flat\b|\bbumper\b|\bi\.?\s?n\.?\s?h\.?\s+flat\b|\bn\.?\s?h\.?\s+flat\b|\bnhf\b",
            "NH Flat",
        ),
    )
]
TYPE_OF_CODE = {"F": "Flat", "X": "Flat", "H": "Hurdle", "C": "Chase", "B": "NH Flat", "W": "NH Flat"}
FLAT_RATES = dict.fromkeys(("good", "firm", "standard", "fast", "hard", "slow", "sloppy"), 6)
FLAT_RATES |= dict.fromkeys(("soft", "heavy", "yielding", "holding"), 5)
JUMPS_RATES = dict.fromkeys(("firm", "standard", "hard", "fast", "good"), 5)
JUMPS_RATES |= dict.fromkeys(("soft", "heavy", "yielding", "slow", "holding"), 4)
WORDS = re.compile(r"[a-z]+").findall


def collapse(text):
    return " ".join(text.split())


def or_none(text):
    return None if NONE(text) else text


def without_brackets(text):
    return text[1:-1].strip() if text.startswith("(") and text.endswith(")") else text


def number(text):
    match = DIGITS(text)
    return int(match[0]) if match else None


def hundredths(value):
    """Halves go up, as in JavaScript."""
    return int(value * 100 + 0.5) / 100


@lru_cache(None)
def mixed(text):
    """`2½` is 2.5; None where it is no number."""
    text = text.strip()
    if not WHOLE(text):
        return None
    fraction = VULGAR.get(text[-1])
    if fraction is not None:
        return int(text[:-1].strip() or 0) + fraction
    if "/" in text:
        *whole, last = text.split()
        over, under = last.split("/")
        return int(whole[0] if whole else 0) + int(over) / int(under)
    return float(text)


@lru_cache(None)
def distance(text):
    """Miles, furlongs and yards."""
    text = text.replace("(", "").replace(")", "").strip()
    match = DISTANCE(text) if text else None
    return tuple(mixed(part) if part else 0 for part in match.groups()) if match else None


def measures(rounded, exact, country):
    """dist_y, dist_f, dist_m: furlongs of the rounded distance, the rest of the exact one."""
    miles, furlongs, yards = rounded or exact
    in_furlongs = round(miles * 8 + furlongs + yards / 220, 3)
    miles, furlongs, yards = exact or rounded
    metres = miles * 1609.34 + furlongs * 201.168 + yards * 0.9144
    if country not in IMPERIAL:
        metres = in_furlongs * 200
    return int(miles * 1760 + furlongs * 220 + yards + 0.5), in_furlongs, int(metres + 0.5)


def winning_seconds(text):
    text = text.split("(")[0].strip()
    match = CLOCK(text) if any(figure in text for figure in "123456789") else None
    return hundredths(int(match[1] or match[2] or 0) * 60 + float(match[3] or 0)) if match else None


def clock(seconds):
    """98.52 is `1:38.52`."""
    total = int(seconds * 100 + 0.5)
    return f"{total // 6000}:{total % 6000 / 100:05.2f}"


def rate_of(going, is_flat):
    """Lengths a second."""
    rates = FLAT_RATES if is_flat else JUMPS_RATES
    for word in WORDS((going or "").lower()):
        if word in rates:
            return rates[word]
    return 6 if is_flat else 5


def surface_of(going):
    first = WORDS(going.lower())[:1] if going else None
    if first is None:
        return None
    if first in (["standard"], ["slow"]):
        return "AW"
    return "Dirt" if first in (["fast"], ["muddy"], ["sloppy"]) else "Turf"


@lru_cache(None)
def lengths(text):
    bare = collapse(text.replace("[", " ").replace("]", " ")).lower()
    named = NAMED_LENGTHS.get(bare.replace(" ", "-"), NAMED_LENGTHS.get(bare.replace(" ", "")))
    return mixed(bare.removesuffix("l").strip()) if named is None else named


def beaten(margins, is_winner, previous):
    """btn and ovr_btn: two margins are both, one is both alike, a lone dead heat shares the one before."""
    if not margins:
        return (0.0, 0.0) if is_winner else (None, None)
    first = lengths(margins[0])
    if len(margins) > 1:
        return first, lengths(margins[1])
    if margins[0].startswith("["):
        return None, first
    return first, (previous or 0.0) if margins[0].lower() == "dht" else first


def named(name, country=""):
    """`Frankel (GB)` and `GB`; no country is Great Britain."""
    inside = COUNTRY_AT_END.search(name) if name.endswith(")") else None
    if inside:
        name = name[: inside.start()]
    apart = COUNTRY_CODE(country)
    code = (apart[0] if apart else inside[1] if inside else "GB").upper()
    return (f"{name} ({code})", code) if name else (None, None)


@lru_cache(None)
def price(text):
    """sp and dec."""
    match = None if NONE(text) else PRICE(text)
    if not match:
        return or_none(text), None
    over, under, evens, decimal, mark = match.groups()
    dec = 2.0 if evens else float(decimal) if decimal else int(over) / int(under) + 1
    return f"Evens{mark}" if evens else text.replace(" ", ""), hundredths(dec)


def amount(text):
    match = AMOUNT(text.strip())
    return float(match[1].replace(",", "") + (match[2] or "")) if match else None


def class_name(mark):
    return f"Class {CLASS_OF_LETTER.get(mark.upper(), mark)}"


def inside_brackets(match):
    rest = EDGES.sub("", match[1])
    return f"({rest})" if rest else ""


def title_of(title):
    """race_name, the class that stands in it, pattern, sex_rest."""
    graded, listed, mark = GRADED.search(title), LISTED.search(title), CLASS.search(title)
    name = title
    if graded or listed or mark:
        bare = CLASS.sub("", LISTED.sub("", GRADED.sub("", title)))
        name = LOOSE_END.sub("", collapse(BRACKETS.sub(inside_brackets, bare))) or title
    pattern = "Listed" if listed else None
    if graded:
        rank = (graded[2] or graded[4]).upper()
        pattern = f"{'Group' if graded[1] else 'Grade'} {len(rank) if set(rank) == {'I'} else rank}"
    sexes = next((code for search, code in SEXES if search(title)), None)
    return name, class_name(mark[1]) if mark else None, pattern, sexes


def class_of(printed, in_title, pattern):
    bare = without_brackets(printed)
    if NONE(bare):
        return in_title or ("Class 1" if pattern and pattern.startswith(("Group", "Listed")) else None)
    match = PRINTED_CLASS(bare)
    return class_name(match[1]) if match else bare


def bands_of(printed, title):
    """rating_band and age_band."""
    parts = [part.strip() for part in printed.removeprefix("(").removesuffix(")").split(",")]
    ratings = next(filter(RATINGS, parts), None)
    in_title = None if ratings else RATINGS_IN_TITLE(title)
    return in_title[1] if in_title else ratings, next(filter(AGES, parts), None)


def type_of(furlongs, obstacles, title, code=""):
    if code in TYPE_OF_CODE:
        return TYPE_OF_CODE[code]
    obstacles = obstacles.lower()
    if furlongs < 12:
        return "Flat"
    if "hurdle" in obstacles:
        return "Hurdle"
    if "fence" in obstacles:
        return "Chase"
    return next((kind for search, kind in TYPES if search(title)), "Flat")


def place_of(link, date, country):
    """country, date, race_id and course_id of an address; None where nobody asked for its country."""
    _, _, course_id, slug, _, race_id = link.split("/")
    country = COUNTRY_OF_COURSE.get((course_id, slug), country)
    return (country.lower(), date, race_id, course_id) if country in COUNTRIES else None


def country_of(heading):
    """`DUNDALK (AW) (IRE)` is IRE: the last bracket that is no note."""
    notes = [note.strip().upper() for note in BRACKETS.findall(heading)]
    notes = [note for note in notes if note not in ("AW", "ARAB", "ARO", "ABANDONED", "VOID")]
    return notes[-1] if notes and len(notes[-1]) in (2, 3) and notes[-1].isalpha() else "GB"


def course_name(name, country):
    return name[: -len(country) - 2].strip() if name.upper().endswith(f"({country})") else name


def profile_id(address):
    """Of `/profile/<kind>/<id>/<slug>`."""
    parts = address.split("/")
    return parts[3] if len(parts) > 3 else None


def profile_name(address):
    parts = address.split("/")
    if len(parts) < 5:
        return None
    words = unquote(parts[4]).replace("-", " ").split()
    return " ".join(word[0].upper() + word[1:] for word in words)
