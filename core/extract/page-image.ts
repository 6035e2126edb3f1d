import type { PageImage, PageKey } from '../ports/page-library.ts';
import { assertPageKey } from './page-key.ts';

const ENDINGS = ['jpg', 'png', 'webp'] as const;
/** More than a provider takes, or a machine should hold several of. */
export const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

/** A file as it was found: its bytes; a text that says why they cannot be had; undefined: it is not there. */
export type FoundFile = Uint8Array | string | undefined;

/**
 * The image of a page, of the files that may hold it. `read`: by the path inside the folder of images,
 * `Alabama/LincolnCollege/1851/4.jpg`. Throws a RangeError for a key that could lead out of a folder.
 */
export async function findPageImage(
  key: PageKey,
  read: (path: string) => Promise<FoundFile>,
  told: (reason: string) => void = () => {},
): Promise<PageImage | undefined> {
  assertPageKey(key);
  const { state, school, year, page } = key;
  const reasons: string[] = [];
  for (const ending of ENDINGS) {
    const file = `${page}.${ending}`;
    const found = await read(`${state}/${school}/${year}/${file}`);
    if (found === undefined) continue;
    if (typeof found === 'string') {
      reasons.push(`${file}: ${found}`);
      continue;
    }
    const mimeType = imageTypeOf(found);
    if (mimeType) return { bytes: found, mimeType };
    reasons.push(`${file} is no JPEG, PNG or WebP: it begins with ${beginningOf(found)}`);
  }
  const names = ENDINGS.map((ending) => `${page}.${ending}`).join(', ');
  const none = `there is none of ${names}: the image of page ${page} is named ${page}.*, without leading zeros`;
  told(reasons.length > 0 ? reasons.join('; ') : none);
  return undefined;
}

export function tooLarge(bytes: number): string | undefined {
  return bytes > MAX_IMAGE_BYTES ? `${bytes} bytes; an image has at most ${MAX_IMAGE_BYTES}` : undefined;
}

/** By its first bytes: what the name says of it may be wrong. */
function imageTypeOf(bytes: Uint8Array): PageImage['mimeType'] | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 12)).toString('latin1');
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  return start.startsWith('RIFF') && start.endsWith('WEBP') ? 'image/webp' : undefined;
}

function beginningOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'nothing, for it is empty';
  return JSON.stringify(
    Buffer.from(bytes.subarray(0, 8))
      .toString('latin1')
      .replace(/[^ -~]/g, '.'),
  );
}
