"""Runs a spider as one runs it for speed, writes its rows as Parquet, and prints what it has done as JSON."""

import argparse
import datetime
import json

import scrapy
from scrapy.crawler import CrawlerProcess

SETTINGS = {
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "DOWNLOAD_DELAY": 0,
    "ROBOTSTXT_OBEY": True,
    "COOKIES_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "LOG_LEVEL": "WARNING",
}
# Asks with If-None-Match, and takes the page from its cache where the site answers 304.
HTTP_CACHE = {
    "HTTPCACHE_ENABLED": True,
    "HTTPCACHE_POLICY": "scrapy.extensions.httpcache.RFC2616Policy",
}


def arguments(**choices):
    """Of the command line. `choices`: options of a spider's own, the first of each is its default."""
    parser = argparse.ArgumentParser()
    for name in ("base", "start", "end", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--http-cache", help="directory of a cache of conditional requests; none without it")
    for name, (default, *others) in choices.items():
        parser.add_argument(f"--{name}", choices=[default, *others], default=default)
    return parser.parse_args()


def dates(start, end):
    first, last = datetime.date.fromisoformat(start), datetime.date.fromisoformat(end)
    return [str(first + datetime.timedelta(days)) for days in range((last - first).days + 1)]


class DaySpider(scrapy.Spider):
    """Asks for the index of each day, at `indexes`; appends tuples to `rows`, and counts its `pages`."""

    def __init__(self, args):
        super().__init__()
        self.args, self.rows, self.pages = args, [], 0

    async def start(self):
        for date in dates(self.args.start, self.args.end):
            yield scrapy.Request(f"{self.args.base}{self.indexes}/{date}", self.index, cb_kwargs={"date": date})


def crawl(spider, args, columns, partition_by):
    """The tuples of the spider are in the order of the columns."""
    cache = {**HTTP_CACHE, "HTTPCACHE_DIR": args.http_cache} if args.http_cache else {}
    process = CrawlerProcess({**SETTINGS, **cache})
    crawler = process.create_crawler(spider)
    process.crawl(crawler, args=args)
    process.start()
    write(crawler.spider.rows, columns, partition_by, args.out)
    # Responses are counted by status behind the cache, which has put its own page in place of a 304.
    not_modified = crawler.stats.get_value("httpcache/revalidate", 0)
    done = {"pages": crawler.spider.pages, "rows": len(crawler.spider.rows), "notModified": not_modified}
    print(json.dumps(done))


def write(rows, columns, partition_by, out):
    # Half of what starting up takes: only once there is something to write.
    import pyarrow
    import pyarrow.dataset

    schema = pyarrow.schema([(name, pyarrow.type_for_alias(kind)) for name, kind in columns.items()])
    arrays = [pyarrow.array(values, field.type) for values, field in zip(zip(*rows), schema)]
    keys = pyarrow.schema([schema.field(name) for name in partition_by])
    pyarrow.dataset.write_dataset(
        pyarrow.Table.from_arrays(arrays, schema=schema),
        out,
        format="parquet",
        partitioning=pyarrow.dataset.partitioning(keys, flavor="hive"),
        existing_data_behavior="delete_matching",
        max_partitions=10_000,
    )
