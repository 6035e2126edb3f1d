import { Duration } from 'aws-cdk-lib';
import type { FunctionName } from '../lambdas/contracts.ts';

interface FunctionSize {
  /** Megabytes; 1,769 of them come with one core. */
  readonly memorySize: number;
  readonly timeout: Duration;
}

/**
 * Measured on Node 24.21 with 178 KB pages (`bench/cost.ts`, and the peak of the process after each stage): a
 * process that has planned holds 126 MB, one that has scraped and published three days of three countries 189
 * MB. Four pages at once at the limit of 20 MB, held as wire, decoded and text, would add 240 MB: 512 MB is
 * enough for the worst that is let in.
 */
export const FUNCTION_SIZES: Readonly<Record<FunctionName, FunctionSize>> = {
  // 9 ms and one request, which the fetcher ends after 60 s.
  plan: { memorySize: 512, timeout: Duration.minutes(2) },
  // 12 ms of a core for a page, and one page each 250 ms: it waits, so more memory would be paid for nothing.
  // It stops by itself 80 s before the end; 220 s are 880 pages, forty times a day of racing.
  scrape: { memorySize: 512, timeout: Duration.minutes(5) },
  // The end of a scrape, without the pages: the records of up to 2,000 targets are written one by one.
  'record-failures': { memorySize: 512, timeout: Duration.minutes(5) },
  // 66 ms of a core on average, 278 ms at most, all of it computing: twice the memory takes half the time.
  publish: { memorySize: 1024, timeout: Duration.minutes(2) },
  // 7 ms and a GET for each partition, one after the other: 120 s are 4,000 partitions at 30 ms.
  summarize: { memorySize: 512, timeout: Duration.minutes(2) },
  // 17 ms.
  report: { memorySize: 512, timeout: Duration.minutes(1) },
  // Scrapes and publishes up to ten items one by one; stops by itself as scrape does.
  'retry-items': { memorySize: 512, timeout: Duration.minutes(5) },
  // Up to ten records and a few transactions; what waits for a popular parent is sent a hundred at a time.
  'enrich-records': { memorySize: 512, timeout: Duration.minutes(1) },
  // A partition as `publish` does, one after the other; stops by itself as scrape does, and is called again.
  'publish-entities': { memorySize: 1024, timeout: Duration.minutes(10) },
  // Four images of 20 MB are under way at once, beside what is known of every page. Begins nothing new five
  // minutes before its end, and is called again.
  'extract-wave': { memorySize: 1024, timeout: Duration.minutes(15) },
  // Knows every page as a scan does; then a partition as `publish` does, one after the other.
  'publish-extraction': { memorySize: 1024, timeout: Duration.minutes(10) },
};
