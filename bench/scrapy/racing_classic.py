"""Scrapy over the classic markup of the racing site: all columns of the source `racing`, by XPath on lxml."""

import re

import scrapy
from lxml import etree

from crawl import arguments, crawl, dates
from racing_rows import COLUMNS, Race
from racing_values import (
    COUNTRIES, COUNTRY_OF_COURSE, amount, collapse, country_of, course_name, distance, named, number, or_none,
    price, profile_id, profile_name,
)

# Straight from the bytes: a Selector decodes a page, and encodes it again for the parser.
PARSER = etree.HTMLParser(encoding="utf-8", remove_comments=True, huge_tree=True)


def path(expression):
    return etree.XPath(expression, smart_strings=False)


def text(expression):
    return path(f"string({expression})")


SECTIONS = path("//section[@data-test-selector='course-container']")
HEADING = text("h2[@data-test-selector='course-name']")
LINKS = path("div[@data-diffusion-race-id]//a[@data-test-selector='link-listCourseNameLink']/@href")

MAIN = path("body/main[@data-analytics-race-date-time]")
HEADER = path("div[@class='rp-raceTimeCourseName']/div")
TITLE = text("h2[@class='rp-raceTimeCourseName__title']")
INFO = path("span[@class='rp-raceTimeCourseName__info_container']")
CLASS = text("span[@class='rp-raceTimeCourseName_class']")
BANDS = text("span[@class='rp-raceTimeCourseName_ratingBandAndAgesAllowed']")
DISTANCE = text("span[@data-test-selector='block-distanceInd']")
FULL_DISTANCE = text("span[@data-test-selector='block-fullDistanceInd']")
DETAIL = text("span[@class='rp-raceTimeCourseName_distanceDetail']")
GOING = text("span[@class='rp-raceTimeCourseName_condition']")
OBSTACLES = text("span[@class='rp-raceTimeCourseName_hurdles']")
PRIZES = path("div[@data-test-selector='text-prizeMoney']//text()")
RESULT = text("div[@class='rp-raceInfo']/ul/li[1]")
ROWS = path("div/table/tbody/tr[contains(@class, 'rp-horseTable__mainRow')]")

POSITION = text("td/div/span[@data-test-selector='text-horsePosition']/text()")
DRAW = text("td/div/span/sup[@class='rp-horseTable__pos__draw']")
LENGTHS = path("td/div/span[@class='rp-horseTable__pos__length']/span/text()")
OWNER = text("td/a[@data-test-selector='link-silk']/@href")
SILK = text("td/a/img[@class='rp-horseTable__silk']/@src")
CLOTH = text("td/span[@class='rp-horseTable__saddleClothNo']")
HORSE = path("td/div/a[@data-test-selector='link-horseName']")
HORSE_COUNTRY = text("td/div/span[@class='rp-horseTable__horse__country']")
PRICE = text("td/div/span[@class='rp-horseTable__horse__price']")
JOCKEY = path("td/div/a[@data-test-selector='link-jockeyName'][1]")
TRAINER = path("td/div/a[@data-test-selector='link-trainerName'][1]")
AGE = text("td[@data-test-selector='horse-age']")
STONES = text("td/span[@data-ending='st']")
POUNDS = text("td/span[@data-ending='lb']")
HEADGEAR = text("td/span[@class='rp-horseTable__headGear']")
OFFICIAL = text("td[@data-ending='OR']")
RPR = text("td[@data-test-selector='full-result-rpr']")
TOPSPEED = text("td[@data-test-selector='full-result-topspeed']")

WINNING_TIME = re.compile(r"Winning time:\s*(.*?)\s*(?:Total SP:|$)", re.I).search
PLACES = re.compile(r"\d{1,3}(?=st|nd|rd|th)").match


class Racing(scrapy.Spider):
    name = "racing"

    def __init__(self, args):
        super().__init__()
        self.args, self.rows, self.pages = args, [], 0

    async def start(self):
        for date in dates(self.args.start, self.args.end):
            yield scrapy.Request(f"{self.args.base}/results/{date}", self.index, cb_kwargs={"date": date})

    def index(self, response, date):
        for section in SECTIONS(etree.fromstring(response.body, PARSER)):
            # The others repeat races: worldwide stakes, pool lists.
            if not section.get("data-course-id").isdecimal():
                continue
            of_heading = country_of(HEADING(section))
            for link in dict.fromkeys(LINKS(section)):
                _, _, course_id, slug, _, race_id = link.split("/")
                country = COUNTRY_OF_COURSE.get((course_id, slug), of_heading)
                if country in COUNTRIES:
                    place = (country.lower(), date, race_id, course_id)
                    yield scrapy.Request(self.args.base + link, self.race, cb_kwargs={"place": place})

    def race(self, response, place):
        self.pages += 1
        self.rows += read(etree.fromstring(response.body, PARSER), place)


def read(page, place):
    [main] = MAIN(page)
    [header] = HEADER(main)
    [info] = INFO(header)
    result = collapse(RESULT(main))
    time = WINNING_TIME(result)
    course = course_name(main.get("data-analytics-coursename").strip(), place[0].upper())
    race = Race(
        (*place, course, main.get("data-analytics-race-date-time")[11:16]),
        title=collapse(TITLE(header)),
        class_=collapse(CLASS(info)),
        bands=collapse(BANDS(info)),
        dist=collapse(DISTANCE(info)),
        exact=distance(collapse(FULL_DISTANCE(info))),
        detail=collapse(DETAIL(info)),
        going=collapse(GOING(info)),
        obstacles=collapse(OBSTACLES(info)),
        ran=number(result),
        time=time[1] if time else "",
        prizes=prizes_of(PRIZES(header)),
    )
    return [read_runner(race, row) for row in ROWS(main)]


def prizes_of(texts):
    """The text of a place, and the amount in the text behind it."""
    prizes, place = {}, None
    for printed in texts:
        match = PLACES(printed)
        if match:
            place = int(match[0])
        elif place is not None:
            prizes[place] = amount(printed)
    return prizes


def read_runner(race, row):
    [horse] = HORSE(row)
    name, country = named(collapse(horse.text), HORSE_COUNTRY(row))
    owner = OWNER(row)
    return race.row(
        POSITION(row).strip(),
        number(DRAW(row)),
        number(CLOTH(row)),
        LENGTHS(row),
        name,
        profile_id(horse.get("href")),
        country,
        *price(collapse(PRICE(row))),
        *person(JOCKEY(row)),
        *person(TRAINER(row)),
        profile_name(owner),
        profile_id(owner),
        or_none(SILK(row)),
        number(AGE(row)),
        14 * (number(STONES(row)) or 0) + (number(POUNDS(row)) or 0),
        or_none(HEADGEAR(row).replace(" ", "")),
        number(OFFICIAL(row)),
        number(RPR(row)),
        number(TOPSPEED(row)),
        *below(row),
    )


def person(links):
    """Name and id; the link is printed once for each layout."""
    return (or_none(collapse(links[0].text)), profile_id(links[0].get("href"))) if links else (None, None)


def below(row):
    """Pedigree and comment, from the rows up to the next runner's."""
    pedigree, comment = (None,) * 8, None
    for other in row.itersiblings("tr"):
        kind = other.get("data-test-selector")
        if kind == "table-row":
            break
        if kind == "block-pedigreeInfoFullResults":
            pedigree = pedigree_of(other[0])
        elif kind == "text-comments":
            comment = or_none(collapse(other[0].text))
    return (*pedigree, comment)


def pedigree_of(cell):
    """`b g Sire (IRE) - Dam (FR) (Dam's sire)`; without a sire the first link is the dam."""
    *colours, sex = cell.text.split() or [None]
    damsire, dam, sire, *_ = (*reversed(cell), None, None, None)
    return (
        sex,
        " ".join(colours) or None,
        *parent(sire, sire.tail.replace("-", "") if sire is not None else ""),
        *parent(dam, dam[0].text or "" if dam is not None and len(dam) else ""),
        or_none(collapse(damsire.text).strip("()")) if damsire is not None else None,
        profile_id(damsire.get("href")) if damsire is not None else None,
    )


def parent(link, country):
    if link is None:
        return None, None
    return named(collapse(link.text), country)[0], profile_id(link.get("href"))


if __name__ == "__main__":
    crawl(Racing, arguments(), COLUMNS, ("country", "date"))
