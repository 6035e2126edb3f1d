"""Scrapy over the classic markup of the racing site: all columns of the source `racing`, by XPath on lxml."""

import re
from types import SimpleNamespace

import scrapy
from lxml import etree

from crawl import DaySpider, arguments, crawl
from paths import path, text
from racing_rows import COLUMNS, Race
from racing_values import (
    amount, collapse, country_of, course_name, distance, named, number, or_none, place_of, price, profile_id,
    profile_name,
)

# Straight from the bytes: a Selector decodes a page, and encodes it again for the parser.
PARSER = etree.HTMLParser(encoding="utf-8", remove_comments=True, huge_tree=True)


def exact(way, element):
    """Step by step down the way that today's pages have; of a class that stands alone."""
    tag, _, name = element.partition(".")
    return f"{way}{tag}[@class='{name}']" if name else way + element


def robust(_way, element):
    """Anywhere below, of a class that may be one of several: as Rescrape's source finds it."""
    tag, _, name = element.partition(".")
    one_of = f"[contains(concat(' ', @class, ' '), ' {name} ')]" if name else ""
    return f"descendant::{tag}{one_of}"


PATHS = {"robust": robust, "exact": exact}


def fields_of(every):
    """Of each field its path from what it is a part of. `every`: one of PATHS."""

    def first(way, element):
        return every(way, element) + "[1]"

    title = "rp-raceTimeCourseName"
    return SimpleNamespace(
        # Of an index, and of a section.
        sections=path(every("//", "section[@data-test-selector='course-container']")),
        heading=text(first("", "h2[@data-test-selector='course-name']")),
        links=path(
            every("div[@data-diffusion-race-id]//", "a[@data-test-selector='link-listCourseNameLink']")
            + "/@href"
        ),
        # Of a page, of its frame, of its header and of the line of its header.
        main=path(first("body/", "main[@data-analytics-race-date-time]")),
        header=path(first("", f"div.{title}")),
        result=text(first("", "div.rp-raceInfo") + "/" + first("ul/", "li")),
        rows=path(every("div/table/tbody/", "tr.rp-horseTable__mainRow")),
        title=text(first("div/", f"h2.{title}__title")),
        info=path(first("div/", f"span.{title}__info_container")),
        prizes=path(first("div/", "div[@data-test-selector='text-prizeMoney']") + "//text()"),
        class_=text(first("", f"span.{title}_class")),
        bands=text(first("", f"span.{title}_ratingBandAndAgesAllowed")),
        distance=text(first("", "span[@data-test-selector='block-distanceInd']")),
        full_distance=text(first("", "span[@data-test-selector='block-fullDistanceInd']")),
        detail=text(first("", f"span.{title}_distanceDetail")),
        going=text(first("", f"span.{title}_condition")),
        obstacles=text(first("", f"span.{title}_hurdles")),
        # Of a runner's row.
        position=text(first("td/div/", "span[@data-test-selector='text-horsePosition']") + "/text()"),
        draw=text(first("td/div/span/", "sup.rp-horseTable__pos__draw")),
        lengths=path(
            first("td/div/", "span.rp-horseTable__pos__length") + "/" + every("", "span") + "/text()"
        ),
        owner=text(first("td/", "a[@data-test-selector='link-silk']") + "/@href"),
        silk=text(first("td/a/", "img.rp-horseTable__silk") + "/@src"),
        cloth=text(first("td/", "span.rp-horseTable__saddleClothNo")),
        horse=path(first("td/div/", "a[@data-test-selector='link-horseName']")),
        horse_country=text(first("td/div/", "span.rp-horseTable__horse__country")),
        price=text(first("td/div/", "span.rp-horseTable__horse__price")),
        jockey=path(first("td/div/", "a[@data-test-selector='link-jockeyName']")),
        trainer=path(first("td/div/", "a[@data-test-selector='link-trainerName']")),
        age=text(first("", "td[@data-test-selector='horse-age']")),
        stones=text(first("td/", "span[@data-ending='st']")),
        pounds=text(first("td/", "span[@data-ending='lb']")),
        headgear=text(first("td/", "span.rp-horseTable__headGear")),
        official=text(first("", "td[@data-ending='OR']")),
        rpr=text(first("", "td[@data-test-selector='full-result-rpr']")),
        topspeed=text(first("", "td[@data-test-selector='full-result-topspeed']")),
        # Of a row below a runner's.
        parents=path(every("td/", "a")),
        comment=text(first("", "td")),
    )


WINNING_TIME = re.compile(r"Winning time:\s*(.*?)\s*(?:Total SP:|$)", re.I).search
PLACES = re.compile(r"\d{1,3}(?=st|nd|rd|th)").match


class Racing(DaySpider):
    name = "racing"
    indexes = "/results"

    def __init__(self, args):
        super().__init__(args)
        self.fields = fields_of(PATHS[args.paths])

    def index(self, response, date):
        for section in self.fields.sections(etree.fromstring(response.body, PARSER)):
            # The others repeat races: worldwide stakes, pool lists.
            if not section.get("data-course-id").isdecimal():
                continue
            of_heading = country_of(self.fields.heading(section))
            for link in dict.fromkeys(self.fields.links(section)):
                if place := place_of(link, date, of_heading):
                    yield scrapy.Request(self.args.base + link, self.race, cb_kwargs={"place": place})

    def race(self, response, place):
        self.pages += 1
        self.rows += read(self.fields, etree.fromstring(response.body, PARSER), place)


def read(fields, page, place):
    [main] = fields.main(page)
    [header] = fields.header(main)
    [info] = fields.info(header)
    result = collapse(fields.result(main))
    time = WINNING_TIME(result)
    course = course_name(main.get("data-analytics-coursename").strip(), place[0].upper())
    race = Race(
        (*place, course, main.get("data-analytics-race-date-time")[11:16]),
        title=collapse(fields.title(header)),
        class_=collapse(fields.class_(info)),
        bands=collapse(fields.bands(info)),
        dist=collapse(fields.distance(info)),
        exact=distance(collapse(fields.full_distance(info))),
        detail=collapse(fields.detail(info)),
        going=collapse(fields.going(info)),
        obstacles=collapse(fields.obstacles(info)),
        ran=number(result),
        time=time[1] if time else "",
        prizes=prizes_of(fields.prizes(header)),
    )
    return [read_runner(fields, race, row) for row in fields.rows(main)]


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


def read_runner(fields, race, row):
    [horse] = fields.horse(row)
    name, country = named(collapse(horse.text), fields.horse_country(row))
    owner = fields.owner(row)
    return race.row(
        fields.position(row).strip(),
        number(fields.draw(row)),
        number(fields.cloth(row)),
        fields.lengths(row),
        name,
        profile_id(horse.get("href")),
        country,
        *price(collapse(fields.price(row))),
        *person(fields.jockey(row)),
        *person(fields.trainer(row)),
        profile_name(owner),
        profile_id(owner),
        or_none(fields.silk(row)),
        number(fields.age(row)),
        14 * (number(fields.stones(row)) or 0) + (number(fields.pounds(row)) or 0),
        or_none(fields.headgear(row).replace(" ", "")),
        number(fields.official(row)),
        number(fields.rpr(row)),
        number(fields.topspeed(row)),
        *below(fields, row),
    )


def person(links):
    """Name and id; the link is printed once for each layout."""
    return (or_none(collapse(links[0].text)), profile_id(links[0].get("href"))) if links else (None, None)


def below(fields, row):
    """Pedigree and comment, from the rows up to the next runner's."""
    pedigree, comment = (None,) * 8, None
    for other in row.itersiblings("tr"):
        kind = other.get("data-test-selector")
        if kind == "table-row":
            break
        if kind == "block-pedigreeInfoFullResults":
            pedigree = pedigree_of(other, fields.parents(other))
        elif kind == "text-comments":
            comment = or_none(collapse(fields.comment(other)))
    return (*pedigree, comment)


def pedigree_of(row, links):
    """`b g Sire (IRE) - Dam (FR) (Dam's sire)`; without a sire the first link is the dam."""
    *colours, sex = (links[0].getparent() if links else row[0]).text.split() or [None]
    damsire, dam, sire, *_ = (*reversed(links), None, None, None)
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
    crawl(Racing, arguments(paths=PATHS), COLUMNS, ("country", "date"))
