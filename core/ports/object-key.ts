/**
 * The grammar of keys and metadata (see `ObjectStore`), enforced by every adapter before it touches a path.
 */

const SEGMENT = '[A-Za-z0-9_][A-Za-z0-9._=-]*';
const KEY = new RegExp(`^${SEGMENT}(/${SEGMENT})*$`);
const PREFIX = new RegExp(`^(${SEGMENT}/)*(${SEGMENT})?$`);
const METADATA_KEY = /^[a-z0-9][a-z0-9_-]*$/;
const METADATA_VALUE = /^[\x20-\x7e]*$/;

/** S3 takes 1,024 bytes; the rest is room for a bucket's own prefix. */
const MAX_KEY_LENGTH = 900;
/** The limit of S3, counted over keys and values. */
const MAX_METADATA_BYTES = 2048;

/** One segment of a key: what may be the name of a file or directory of a lake. */
const NAME = new RegExp(`^${SEGMENT}$`);

/** True for what may stand between two slashes of a key. */
export function isKeySegment(name: string): boolean {
  return NAME.test(name);
}

/** Throws a RangeError for anything that is no key. */
export function assertObjectKey(key: string): void {
  if (key.length > MAX_KEY_LENGTH || !KEY.test(key)) throw new RangeError(`not an object key: ${shown(key)}`);
}

/** Throws a RangeError for a prefix that no key can start with. The empty prefix is every key. */
export function assertKeyPrefix(prefix: string): void {
  if (prefix.length > MAX_KEY_LENGTH || !PREFIX.test(prefix)) {
    throw new RangeError(`not a prefix of object keys: ${shown(prefix)}`);
  }
}

/** Throws a RangeError for metadata that S3 would refuse or change. */
export function assertObjectMetadata(metadata: Readonly<Record<string, string>>): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(metadata)) {
    if (!METADATA_KEY.test(key)) throw new RangeError(`not a metadata key: ${shown(key)}`);
    if (!METADATA_VALUE.test(value) || value !== value.trim()) {
      throw new RangeError(`metadata ${key} is not printable ASCII without outer spaces: ${shown(value)}`);
    }
    bytes += key.length + value.length;
  }
  if (bytes > MAX_METADATA_BYTES) {
    throw new RangeError(`metadata of ${bytes} bytes; at most ${MAX_METADATA_BYTES} are allowed`);
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
