"""Rows of a race from what its page prints, for the spiders of both markups, and their columns."""

from racing_values import (
    bands_of, beaten, class_of, clock, distance, hundredths, measures, or_none, rate_of, surface_of, title_of,
    type_of, winning_seconds, without_brackets,
)

COLUMNS = {
    **dict.fromkeys(("country", "date", "race_id", "course_id", "course", "off", "race_name"), "string"),
    "class": "string",
    **dict.fromkeys(("pattern", "rating_band", "age_band", "sex_rest", "dist"), "string"),
    "dist_y": "int32", "dist_f": "double", "dist_m": "int32",
    **dict.fromkeys(("course_detail", "going", "surface", "type"), "string"),
    "ran": "int32", "winning_time": "string", "winning_secs": "double",
    "pos": "string", "draw": "int32", "num": "int32", "btn": "double", "ovr_btn": "double",
    **dict.fromkeys(("horse", "horse_id", "horse_country", "sp"), "string"), "dec": "double",
    **dict.fromkeys(("jockey", "jockey_id", "trainer", "trainer_id", "owner", "owner_id"), "string"),
    "silk_url": "string",
    "age": "int32", "lbs": "int32", "hg": "string", "or": "int32", "rpr": "int32", "ts": "int32",
    **dict.fromkeys(("sex", "colour", "sire", "sire_id", "dam", "dam_id", "damsire", "damsire_id"), "string"),
    "comment": "string", "prize": "double", "time": "string", "secs": "double",
}


class Race:
    """Columns that all runners share, and what it takes to finish a runner's row."""

    def __init__(
        self, place, *, title, class_, bands, dist, exact, detail="", going, obstacles, code="", ran, time, prizes
    ):
        country = place[0].upper()
        name, class_in_title, pattern, sexes = title_of(title)
        dist, going = without_brackets(dist), or_none(without_brackets(going))
        yards, furlongs, metres = measures(distance(dist), exact, country)
        kind = type_of(furlongs, obstacles, title, code)
        self.winner = winning_seconds(time)
        self.rate = rate_of(going, kind == "Flat")
        self.prizes = prizes
        self.shared = (
            *place, name, class_of(class_, class_in_title, pattern), pattern, *bands_of(bands, title), sexes,
            or_none(dist), yards, furlongs, metres, or_none(detail), going, surface_of(going), kind, ran,
            or_none(time), self.winner,
        )
        self.previous = None

    def row(self, pos, draw, num, margins, *own):
        """A runner after the one before it: a dead heat shares its distance."""
        placed = pos.isdecimal()
        by, overall = beaten(margins, pos == "1", self.previous) if placed or pos == "DSQ" else (None, None)
        self.previous = overall
        timed = self.winner is not None and overall is not None
        secs = hundredths(self.winner + overall / self.rate) if timed else None
        prize = self.prizes.get(int(pos)) if placed else None
        return (*self.shared, pos, draw, num, by, overall, *own, prize, clock(secs) if timed else None, secs)
