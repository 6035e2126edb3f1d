import { readCaptures } from '../../../core/capture/warc.ts';
import type { DemoSite } from '../../../demo/site.ts';
import { currentRows, logRows } from './lake-reading.ts';
import type { Session } from './session.ts';

type Requests = DemoSite['requests'];

/** False where the row says that its answer was shared: then another one asked for it. */
function hasAsked({ details }: { readonly details?: unknown }): boolean {
  return typeof details !== 'string' || JSON.parse(details).shared !== true;
}

/**
 * The addresses that a site was asked for and those that are on record as asked for, sorted: equal where the
 * record is whole.
 */
export async function requestRecord(
  directory: string,
  requests: Requests,
): Promise<{ asked: string[]; onRecord: string[] }> {
  const attempts = (await logRows(directory, 'attempts')).filter(hasAsked);
  const onRecord = attempts.map(({ url }) => new URL(String(url)).pathname);
  return { asked: requests.map(({ path }) => path).toSorted(), onRecord: onRecord.toSorted() };
}

/**
 * The same of the pages alone, robots.txt left out. `lost`: the captures that the lake names and that are not
 * where it says.
 */
export async function pageRecord({
  directory,
  platform,
  site,
}: Session): Promise<{ asked: string[]; onRecord: string[]; lost: string[] }> {
  const { asked, onRecord } = await requestRecord(directory, site.requests);
  const ofPages = (paths: readonly string[]) => paths.filter((path) => path !== '/robots.txt');
  const known = new Map<string, string>();
  for await (const { key } of platform.lake.list('captures/')) {
    const file = await platform.lake.get(key);
    for await (const { offset, capture } of readCaptures(file!.body))
      known.set(`${key}#${offset}`, capture.response.url);
  }
  const named = (await capturesNamed(directory)).filter(({ place, url }) => known.get(place) !== url);
  return { asked: ofPages(asked), onRecord: ofPages(onRecord), lost: named.map(({ place }) => place) };
}

/** Every capture that an attempt at a page or a current row refers to. */
async function capturesNamed(directory: string): Promise<{ place: string; url: string }[]> {
  const attempts = (await logRows(directory, 'attempts'))
    .filter(({ item_id, capture }) => item_id !== 'robots.txt' && capture !== null)
    .map(({ capture, url }) => ({ place: String(capture), url: String(url) }));
  const rows = [...(await currentRows(directory)).values()].flat();
  const ofRows = rows.map(({ _capture, _source_url }) => ({
    place: String(_capture),
    url: String(_source_url),
  }));
  return [...attempts, ...ofRows];
}

/** Milliseconds between the starts of requests to one host, as their sender put them on record. */
export async function startGaps(directory: string): Promise<number[]> {
  const attempts = (await logRows(directory, 'attempts')).filter(hasAsked);
  const hosts = Map.groupBy(attempts, ({ url }) => new URL(String(url)).host);
  return [...hosts.values()].flatMap((rows) => {
    const at = rows.map(({ attempted_at }) => Date.parse(String(attempted_at))).sort((x, y) => x - y);
    return at.slice(1).map((time, nth) => time - at[nth]!);
  });
}
