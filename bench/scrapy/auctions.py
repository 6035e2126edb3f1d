"""Scrapy over the auction site of the benchmark: every column of its source, by XPath on lxml."""

import re

import scrapy
from lxml import etree

from crawl import DaySpider, arguments, crawl
from paths import path, text

PARSER = etree.HTMLParser(encoding="utf-8", remove_comments=True)
COLUMNS = {
    **dict.fromkeys(("region", "date", "sale_id", "house", "title"), "string"),
    "lot": "int32", "what": "string", "link": "string", "note": "string", "year": "int32", "maker": "string",
    "low": "int32", "high": "int32", "hammer": "int32",
}
DIGITS = re.compile(r"\d+").search

SALES = path("body/div/ul[@class='sales']/li")
LINK = text("a[@class='sale-link']/@href")
RESULT = path("body/div/article[@class='result']")
TITLE = text("h1[@class='result-title']")
HOUSE = text("dl/dd[@class='house']")
LOTS = path("table/tbody/tr[@class='lot']")
LOT = text("td[@class='lot-no']")
WHAT = path("td/a[@class='lot-link']")
NOTE = text("td/p[@class='note']")
YEAR = text("td/p/span[@class='year']")
MAKER = text("td[@class='lot-maker']")
ESTIMATE = text("td[@class='lot-estimate']")
PRICE = text("td/b[@class='price']")


def collapse(printed):
    return " ".join(printed.split())


def number(printed):
    match = DIGITS(printed.replace(",", ""))
    return int(match[0]) if match else None


class Auctions(DaySpider):
    name = "auctions"
    indexes = "/sales"

    def index(self, response, date):
        for sale in SALES(etree.fromstring(response.body, PARSER)):
            link = LINK(sale)
            place = (sale.get("class").rpartition("-")[2], date, link.rpartition("/")[2])
            yield scrapy.Request(self.args.base + link, self.sale, cb_kwargs={"place": place})

    def sale(self, response, place):
        self.pages += 1
        [result] = RESULT(etree.fromstring(response.body, PARSER))
        shared = (*place, collapse(HOUSE(result)), collapse(TITLE(result)))
        self.rows += (read_lot(shared, row) for row in LOTS(result))


def read_lot(shared, row):
    [link] = WHAT(row)
    low, _, high = ESTIMATE(row).partition("–")
    maker = collapse(MAKER(row))
    return (
        *shared,
        number(LOT(row)),
        collapse(link.text),
        link.get("href"),
        collapse(NOTE(row)) or None,
        number(YEAR(row)),
        None if maker == "–" else maker,
        number(low),
        number(high),
        number(PRICE(row)),
    )


if __name__ == "__main__":
    crawl(Auctions, arguments(), COLUMNS, ("region", "date"))
