/**
 * The DynamoDB table of the state, in one place: what its items look like, which keys there are and how they
 * are read.
 *
 * Item: `pk` (S) and `sk` (S), the partition and the sort of the document · `revision` (N) · `value` (S), the
 * document as JSON · `write_id` (S), which write made it (see `dynamo-state-store.ts`) · `expires_at` (N,
 * seconds), the table's TTL attribute, on the documents that may go.
 *
 * JSON text and not a map, because it gives back every value as it was (DynamoDB's numbers have no −0 and end
 * at 1e126, its maps know no order), needs no code to convert and is as legible in the console. No attribute
 * of a document is ever queried, so nothing is lost.
 *
 * | pk | sk | what | read by |
 * |---|---|---|---|
 * | `target…` | | targets, their events and indexes | `core/targets/keys.ts` tells all of them |
 * | `failures#<source>` | `<value>#<date>#<item>` | failed item, open or closed | get; prefix; all |
 * | `partitions#<table>` | `<value>#<date>` | how a partition stands | get; from date to date of a value |
 * | `runs#<source>` | `<runId>` | run, in the order of time (UUIDv7) | get; all, newest first |
 * | `target-tables` | `<source>` | which file of the table `targets` was written last | get |
 * | `run-sequences` | `<source>` | how many runs were ever begun | get; written with the run |
 * | `hosts#<n>` | `paces` | last starts of requests to some hosts, and their pauses | get |
 * | `proxies#<source>` | `<proxy>` | failures of a proxy, and until when it rests | all of a source |
 * | `deaths#<source>` | `<value>#<date>` | items whose pages ended the process that read them | get |
 * | `lake` | `place` | where the lake was when a run last worked on it | get |
 * | `entities#<kind>` | `<key>` | entity, with what is derived | get; prefix; condition of others |
 * | `entity-changes#<kind>` | `<feed>#<date>#<key>` | changed since it was published | all of a partition |
 * | `parked#<kind>` | `<key>` | record that waits for what it refers to | get; all of a kind |
 * | `waiting#<kind>#<key>` | `<kind>#<key>` | index: who waits for that entity first | all |
 * | `parked-until` | `<time>#<kind>#<key>` | index: when a parked record is given up | up to now |
 * | `dependents#<kind>#<key>` | `<kind>#<key>` | index: who reads that entity, and what of it | all |
 * | `enrichment-dead#<kind>` | `<message id>` | dead letter of enrichment | get; all of a kind |
 * | `enrichment-dead-rows#<kind>` | `<feed>#<date>#<key>#<message id>` | index: of a row | all of a date |
 * | `enrichment-stats` | `<day>#<kind>#<shard>` | counts, in 16 shards | get; from day to day |
 * | `enrichment-log` | `last` | which counts the table `enrichments` has | get |
 * | `publication-claims#<from>#<owner>` | `<value>#<date>` | who publishes it, until when | get |
 * | `publications#<from>` | `<runId>#<source>#<value>#<date>` | logs that are not merged yet | all |
 * | `forwarded#<source>` | `<value>#<date>` | version that was sent on last | get; all of a source |
 * | `forwarded-messages#<kind>` | `<feed>#<date>#<message id>` | sent on, not handled yet | day to day |
 * | `extract-pages#<name>` | `<page>` | failures of a page, its batch, its result | get; all; of a state |
 * | `extract-batches#<name>` | `<batch>` | batch of an extraction (UUIDv7) | get; all, newest first |
 * | `extract-active#<name>` | `<batch>` | index: batches whose pages are in flight | all |
 * | `extract-members#<name>` | `<batch>#<piece>` | pages of a batch, as they were claimed | all of a batch |
 * | `extract-failures#<name>` | `<page>#<batch>` | failed answer | get; of a page; of a state; all |
 * | `extract-changes#<name>` | `<value>#<date>#<page>` | page to be published | all of a partition |
 * | `extract-progress#<name>` | `<value>#<date>` | books as the last scan saw them | get; all; of a state |
 * | `extract-logged#<name>` | `<value>#<date>` | books as the log table has them | all |
 * | `extract-waits` | `<name>` | since when pages wait to be enough for a job | get |
 * | `failure-marks#<source>` | `<value>#<date>` | its revision: failures were opened | get |
 * | `published#<runId>` | `<source>#<value>#<date>` | what publish answered | get; all of a run |
 * | `finalized#<runId>` | `<source>#<value>#<date>` | its attempts are counted | conditional write only |
 *
 * Every read is by key and consistent; there is no index of DynamoDB's, and no scan but that of `rescrape
 * reset`. `targets` is the partition that all runs share: it is written twice for each crawl (its claim and
 * its end), far below the 1,000 writes a second that one key takes.
 */
export const STATE_TABLE = {
  partitionKey: 'pk',
  sortKey: 'sk',
  revision: 'revision',
  value: 'value',
  writeId: 'write_id',
  /** Seconds since the epoch. */
  expiresAt: 'expires_at',
} as const;

/**
 * Days that a document stays, by the first part of its partition; forever where it is not named. A finalize
 * marker keeps the scrape of one run from being counted twice, an answer keeps it from being published twice,
 * and a run cannot be taken up after 14 days, when its work is gone; the pace of a site is of the moment.
 * Nothing of enrichment goes by itself: a parked record that is given up becomes a dead letter in one
 * transaction, and the counts of a day, at most 16 documents a kind, are what `rescrape enrich stats` adds
 * up.
 */
const KEPT_DAYS: Readonly<Record<string, number>> = { finalized: 30, hosts: 1, published: 30 };

/** When a document that is written now may go, in seconds since the epoch; undefined for one that stays. */
export function expiresAt(partition: string, nowMs: number): number | undefined {
  const [kind = ''] = partition.split('#', 1);
  const days = Object.hasOwn(KEPT_DAYS, kind) ? KEPT_DAYS[kind] : undefined;
  return days === undefined ? undefined : Math.ceil(nowMs / 1000) + days * 86_400;
}
