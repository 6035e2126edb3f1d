import { createHash } from 'node:crypto';

export interface StoredFile {
  /** `files/f1`. */
  readonly name: string;
  readonly displayName: string;
  readonly mimeType: string;
  readonly bytes: Buffer;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly isGenerated: boolean;
}

interface Upload {
  readonly displayName: string;
  readonly mimeType: string;
  readonly size: number | undefined;
  readonly chunks: Buffer[];
  received: number;
}

/** Files are gone after 48 hours. */
const LIVES_MS = 48 * 3_600_000;

/** Files of a project, and the uploads under way. */
export class FileStore {
  readonly #files = new Map<string, StoredFile>();
  readonly #uploads = new Map<string, Upload>();
  readonly #now: () => number;
  #count = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Gives the id of the upload. */
  start(upload: {
    readonly displayName: string;
    readonly mimeType: string;
    readonly size: number | undefined;
  }): string {
    const id = `u${++this.#count}`;
    this.#uploads.set(id, { ...upload, chunks: [], received: 0 });
    return id;
  }

  /**
   * Takes a chunk; the file where it was the last, `undefined` where more may come, and a text that says
   * what is wrong with it.
   */
  take(id: string, offset: number, bytes: Buffer, isLast: boolean): StoredFile | string | undefined {
    const upload = this.#uploads.get(id);
    if (!upload) return `there is no upload ${id}`;
    if (offset !== upload.received)
      return `the chunk starts at ${offset}, and ${upload.received} bytes are here`;
    upload.chunks.push(bytes);
    upload.received += bytes.length;
    if (!isLast) return undefined;
    if (upload.size !== undefined && upload.size !== upload.received)
      return `${upload.received} bytes came, and ${upload.size} were announced`;
    this.#uploads.delete(id);
    return this.add(
      `files/f${++this.#count}`,
      upload.displayName,
      upload.mimeType,
      Buffer.concat(upload.chunks),
    );
  }

  add(name: string, displayName: string, mimeType: string, bytes: Buffer, isGenerated = false): StoredFile {
    const file = { name, displayName, mimeType, bytes, createdAt: this.#now(), isGenerated };
    this.#files.set(name, file);
    return file;
  }

  /** Undefined for one that is not there, or not any more. */
  get(name: string): StoredFile | undefined {
    const file = this.#files.get(name);
    return file && this.#now() - file.createdAt < LIVES_MS ? file : undefined;
  }

  all(): StoredFile[] {
    return [...this.#files.keys()].flatMap((name) => this.get(name) ?? []);
  }

  delete(name: string): boolean {
    return this.get(name) !== undefined && this.#files.delete(name);
  }
}

/** A file as the API shows it. `origin`: of this server. */
export function fileResource(file: StoredFile, origin: string): Record<string, unknown> {
  const at = new Date(file.createdAt).toISOString();
  return {
    name: file.name,
    displayName: file.displayName,
    mimeType: file.mimeType,
    sizeBytes: String(file.bytes.length),
    createTime: at,
    updateTime: at,
    expirationTime: new Date(file.createdAt + LIVES_MS).toISOString(),
    sha256Hash: Buffer.from(createHash('sha256').update(file.bytes).digest('hex')).toString('base64'),
    uri: `${origin}/v1beta/${file.name}`,
    state: 'ACTIVE',
    source: file.isGenerated ? 'GENERATED' : 'UPLOADED',
  };
}
