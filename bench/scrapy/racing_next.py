"""Scrapy over today's markup of the racing site, whose pages carry their data as JSON."""

import json

import scrapy

from crawl import DaySpider, arguments, crawl
from racing_rows import COLUMNS, Race
from racing_values import (
    amount, country_of, course_name, named, number, or_none, place_of, price, profile_id, without_brackets,
)

DATA = b'<script id="__NEXT_DATA__" type="application/json">'


def state_of(body):
    """No tree of the page: its data stand in one script, which is cut out and read."""
    start = body.index(DATA) + len(DATA)
    return json.loads(body[start : body.index(b"</script", start)])["props"]["pageProps"]["initialState"]


class Racing(DaySpider):
    name = "racing"
    indexes = "/results"

    def index(self, response, date):
        for meeting in state_of(response.body)["results"]["data"]:
            # The others repeat races: worldwide stakes, pool lists.
            if meeting["isSpecialMeeting"]:
                continue
            code = meeting["countryCode"]
            of_meeting = country_of(meeting["courseName"]) if code == "ARO" else code
            for race in meeting["races"]:
                if not race["fullResultAvailable"]:
                    continue
                link = race["fullResultLink"]
                if place := place_of(link, date, of_meeting):
                    yield scrapy.Request(self.args.base + link, self.race, cb_kwargs={"place": place})

    def race(self, response, place):
        self.pages += 1
        self.rows += read(state_of(response.body)["raceResult"]["data"], place)


def read(data, place):
    header, details = data["header"], data["details"]
    course = course_name(data["courseName"] or header["courseDisplayName"], place[0].upper())
    yards, against = header["distanceYard"], without_brackets(details["fastSlow"] or "")
    time = details["winningTime"] or ""
    race = Race(
        (*place, course, data["raceDatetime"][11:16]),
        title=header["raceTitle"],
        class_=header["raceClass"] or "",
        bands=header["agesAllowed"] or "",
        dist=header["distanceShort"],
        exact=(yards // 1760, yards % 1760 // 220, yards % 220) if yards else None,
        going=header["going"] or "",
        obstacles=header["obstacles"] or "",
        code=header["raceTypeCode"],
        ran=details["numberOfRunners"],
        time=f"{time} ({against})" if time and against else time,
        prizes={prize["position"]: amount(prize["formatted"]) for prize in header["prizes"]},
    )
    return [read_runner(race, runner, data["countryCode"] == "ARO") for runner in data["runners"]]


def read_runner(race, runner, is_arabian):
    overall = (runner["beatenDistanceToWinner"] or "").strip("[]")
    margins = [margin for margin in (runner["beatenDistance"], overall and f"[{overall}]") if margin]
    name, country = named(runner["horseName"], runner["horseSuffix"] or "")
    return race.row(
        "DSQ" if runner["isDisqualified"] else runner["outcomeCode"],
        number(runner["drawLabel"] or ""),
        runner["saddleClothNo"],
        margins,
        name,
        str(runner["horseUid"]),
        country,
        *price(runner["odds"] or ""),
        *person(runner, "jockey"),
        *person(runner, "trainer"),
        *person(runner, "owner"),
        runner["silkUrl"],
        runner["age"],
        pounds(runner),
        headgear(runner),
        None if is_arabian else number(runner["officialRating"] or ""),
        number(runner["rpRating"] or ""),
        number(runner["topspeed"] or ""),
        *pedigree(runner["pedigree"]),
        comment(runner["comment"]),
    )


def person(runner, who):
    return runner[f"{who}Name"] or None, profile_id(runner[f"{who}Url"] or "")


def pounds(runner):
    carried, stones = runner["weightCarriedLbs"], runner["weightStones"]
    return 14 * stones + runner["weightPounds"] if carried is None and stones is not None else carried


def headgear(runner):
    letters = or_none((runner["headgear"] or "").replace(" ", ""))
    return f"{letters}1" if letters and runner["isFirstTimeHeadgear"] else letters


def pedigree(printed):
    *colours, sex = (printed["colourSex"] or "").split() or [None]
    return (
        sex,
        " ".join(colours) or None,
        *parent(printed, "sire"),
        *parent(printed, "dam"),
        printed["damSireName"],
        profile_id(printed["damSireUrl"] or ""),
    )


def parent(printed, who):
    name, _ = named(printed[f"{who}Name"] or "", printed[f"{who}Suffix"] or "")
    return name, profile_id(printed[f"{who}Url"] or "")


def comment(printed):
    text, betting = printed["comment"] or "", printed["bettingMovements"] or ""
    if betting:
        text = f"{text} {betting if betting.startswith('(') else f'({betting})'}".strip()
    return or_none(text)


if __name__ == "__main__":
    crawl(Racing, arguments(), COLUMNS, ("country", "date"))
