import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDirectoryPageLibrary } from '../../../adapters/local/directory-page-library.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { imageOf, JPEG, labelsOf, pageLibraryContract } from '../../contracts/page-library.contract.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

const newDirectory = () => mkdtempSync(join(tmpdir(), 'rescrape-library-'));

function write(directory: string, path: string, bytes: Uint8Array | string = '{}'): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), bytes);
}

pageLibraryContract('a directory', async () => {
  const directory = newDirectory();
  mkdirSync(join(directory, 'labels'));
  return {
    library: openDirectoryPageLibrary(directory),
    put: async (path, bytes) => write(directory, path, bytes),
    dispose: async () => rmSync(directory, { recursive: true }),
  };
});

describe('a directory as a library', () => {
  let directory: string;
  let outside: string;
  beforeEach(() => {
    directory = newDirectory();
    outside = newDirectory();
    chmodSync(directory, 0o755);
  });
  afterEach(() => {
    for (const each of [directory, outside]) rmSync(each, { recursive: true });
  });
  const library = () => openDirectoryPageLibrary(directory);
  const BOOK = 'Alabama/Lincoln/1851';

  it('without labels/ is none, and without images/ has no image', async () => {
    await expect(labelsOf(library())).rejects.toThrow(StorageError);
    await expect(labelsOf(library())).rejects.toThrow(
      `there is no folder ${directory}/labels; a library has`,
    );
    expect(await imageOf(library(), 'Alabama:Lincoln:1851:1')).toEqual({
      ...{ image: undefined, reasons: [`there is no folder ${directory}/images`] },
    });
  });

  it('does not follow links that lead out of it', async () => {
    write(outside, 'Lincoln/1851/1.json');
    write(outside, '1.jpg', JPEG);
    write(directory, `labels/${BOOK}/2.json`);
    mkdirSync(join(directory, 'images', BOOK), { recursive: true });
    symlinkSync(outside, join(directory, 'labels/Ohio'));
    symlinkSync(join(outside, 'Lincoln/1851/1.json'), join(directory, `labels/${BOOK}/1.json`));
    symlinkSync('../../../../..', join(directory, `labels/${BOOK}/3.json`));
    symlinkSync(join(outside, '1.jpg'), join(directory, `images/${BOOK}/1.jpg`));
    symlinkSync(outside, join(directory, 'images/Ohio'));
    const { pages, notices } = await labelsOf(library());
    expect(pages).toEqual(['Alabama:Lincoln:1851:2']);
    const reason = 'it is a link that leads out of the library';
    expect(notices).toEqual(
      [`${BOOK}/1.json`, `${BOOK}/3.json`, 'Ohio'].map((path) => ({ kind: 'passed-over', path, reason })),
    );
    expect(await imageOf(library(), 'Alabama:Lincoln:1851:1')).toEqual({
      ...{ image: undefined, reasons: [`1.jpg: ${reason}`] },
    });
    write(outside, 'Lincoln/1851/1.jpg', JPEG);
    expect(await imageOf(library(), 'Ohio:Lincoln:1851:1')).toEqual({
      ...{ image: undefined, reasons: [`1.jpg: ${reason}`] },
    });
  });

  it('follows links that stay inside, and none that lead nowhere or in a circle', async () => {
    write(directory, `labels/${BOOK}/1.json`);
    write(directory, `images/${BOOK}/1.jpg`, JPEG);
    symlinkSync('Lincoln', join(directory, 'labels/Alabama/Washington'));
    symlinkSync('Lincoln', join(directory, 'images/Alabama/Washington'));
    symlinkSync('nowhere', join(directory, 'labels/Kansas'));
    symlinkSync('circle', join(directory, `labels/${BOOK}/circle`));
    symlinkSync('..', join(directory, `labels/${BOOK}/up`));
    const { pages, notices } = await labelsOf(library());
    expect(pages).toEqual(['Alabama:Lincoln:1851:1', 'Alabama:Washington:1851:1']);
    expect(new Set(notices.map(({ path }) => path.split('/').at(-1)))).toEqual(
      new Set(['Kansas', 'circle', 'up']),
    );
    expect((await imageOf(library(), 'Alabama:Washington:1851:1')).image?.mimeType).toBe('image/jpeg');
  });

  it('may have its two folders elsewhere', async () => {
    write(outside, `labels/${BOOK}/1.json`);
    write(outside, `images/${BOOK}/1.jpg`, JPEG);
    for (const folder of ['labels', 'images']) symlinkSync(join(outside, folder), join(directory, folder));
    expect(await labelsOf(library())).toEqual({ pages: ['Alabama:Lincoln:1851:1'], notices: [] });
    expect((await imageOf(library(), 'Alabama:Lincoln:1851:1')).image).toBeDefined();
  });

  it('tells of folders and images that this user may not read, and goes on', async () => {
    write(directory, 'labels/Alabama/Closed/1851/1.json');
    write(directory, `labels/${BOOK}/1.json`);
    write(directory, `images/${BOOK}/1.jpg`, JPEG);
    write(directory, 'images/Alabama/Closed/1851/1.jpg', JPEG);
    const closed = ['labels/Alabama/Closed', `images/${BOOK}/1.jpg`, 'images/Alabama/Closed'];
    for (const path of closed) chmodSync(join(directory, path), 0o000);
    await asOrdinaryUser(async () => {
      expect(await labelsOf(library())).toEqual({
        pages: ['Alabama:Lincoln:1851:1'],
        notices: [
          {
            kind: 'unreadable',
            path: 'Alabama/Closed',
            reason: 'permission denied: the labels in it are left out',
          },
        ],
      });
      expect((await imageOf(library(), 'Alabama:Lincoln:1851:1')).reasons).toEqual([
        '1.jpg: permission denied',
      ]);
      expect((await imageOf(library(), 'Alabama:Closed:1851:1')).reasons).toEqual([
        '1.jpg: permission denied; 1.png: permission denied; 1.webp: permission denied',
      ]);
    });
    chmodSync(join(directory, 'labels'), 0o000);
    await asOrdinaryUser(async () => {
      await expect(labelsOf(library())).rejects.toThrow(StorageError);
    });
    for (const path of ['labels', ...closed]) chmodSync(join(directory, path), 0o755);
  });

  it('waits for no pipe, and takes no folder for a label or an image', async () => {
    mkdirSync(join(directory, `labels/${BOOK}/1.json`), { recursive: true });
    mkdirSync(join(directory, `images/${BOOK}/1.jpg`), { recursive: true });
    execFileSync('mkfifo', [
      join(directory, `images/${BOOK}/1.png`),
      join(directory, `labels/${BOOK}/2.json`),
    ]);
    const { pages, notices } = await labelsOf(library());
    expect(pages).toEqual([]);
    expect(notices.map(({ path }) => path)).toEqual([`${BOOK}/1.json`, `${BOOK}/2.json`]);
    expect((await imageOf(library(), 'Alabama:Lincoln:1851:1')).reasons).toEqual([
      '1.jpg: it is no file; 1.png: it is no file',
    ]);
  });
});
