import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openS3PageLibrary } from '../../../adapters/aws/s3-page-library.ts';
import { MAX_IMAGE_BYTES } from '../../../core/extract/page-image.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { imageOf, JPEG, labelsOf, pageLibraryContract } from '../../contracts/page-library.contract.ts';
import { type ListedS3, serveListedS3 } from './listed-s3.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const open = (s3: ListedS3, prefix?: string) =>
  openS3PageLibrary({
    bucket: 'pages',
    ...(prefix !== undefined && { prefix }),
    clock: { now: () => 0, sleep: async () => {} },
    connection: {
      endpoint: s3.origin,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
  });

pageLibraryContract('a bucket', async () => {
  const s3 = await serveListedS3();
  const library = open(s3, '/old books/');
  return {
    library,
    put: async (path, body) => void s3.objects.set(`old books/${path}`, body),
    dispose: async () => {
      library.close();
      await s3[Symbol.asyncDispose]();
    },
  };
});

describe('a bucket as a library', () => {
  let s3: ListedS3;
  let library: ReturnType<typeof open>;
  beforeEach(async () => {
    s3 = await serveListedS3();
    library = open(s3);
  });
  afterEach(async () => {
    library.close();
    await s3[Symbol.asyncDispose]();
  });
  const KEY = 'Alabama:Lincoln College:1851:1';

  it('lists page after page, and passes over folders of consoles, keys that lead out and keys of no text', async () => {
    for (let page = 1; page <= 10; page++)
      s3.objects.set(`labels/Ohio/St. Mary's/1851/${page}.json`, bytes(''));
    const odd = [
      '',
      'Ohio/',
      '../images/a/1851/1.json',
      'Ohio/../1851/1.json',
      '//1851/1.json',
      'a/b/1/%FF.json',
    ];
    for (const path of odd) s3.objects.set(`labels/${path}`, bytes(''));
    s3.objects.set('labels-old/Ohio/x/1851/1.json', bytes(''));
    const { pages, notices } = await labelsOf(library);
    expect(pages).toHaveLength(10);
    expect(new Set(pages)).toContain("Ohio:St. Mary's:1851:10");
    expect(notices.map(({ path }) => path).sort()).toEqual([
      '../images/a/1851/1.json',
      '//1851/1.json',
      'Ohio/../1851/1.json',
      'labels/a/b/1/%FF.json',
    ]);
  });

  it('gets an image again whose body broke off', async () => {
    s3.objects.set('images/Alabama/Lincoln College/1851/1.jpg', JPEG);
    s3.faults.push('cut', 'cut');
    expect((await imageOf(library, KEY)).image?.bytes).toEqual(JPEG);
  });

  it('reads nothing of an image that is too large', async () => {
    s3.objects.set('images/Alabama/Lincoln College/1851/1.jpg', Buffer.alloc(MAX_IMAGE_BYTES + 1));
    expect((await imageOf(library, KEY)).reasons).toEqual([
      `1.jpg: ${MAX_IMAGE_BYTES + 1} bytes; an image has at most ${MAX_IMAGE_BYTES}`,
    ]);
  });

  it.each([
    ['denied', 's3:ListBucket s3://pages/labels/: access denied'],
    ['missing-bucket', 's3:ListBucket s3://pages/labels/: it is not there'],
  ] as const)('%s, it throws which permission or bucket to look at', async (fault, message) => {
    s3.faults.push(fault);
    await expect(labelsOf(library)).rejects.toThrow(message);
    s3.faults.push(fault);
    await expect(imageOf(library, KEY)).rejects.toThrow(
      's3:GetObject s3://pages/images/Alabama/Lincoln College',
    );
  });

  it('throws where a listing ends without its end', async () => {
    for (let page = 1; page <= 9; page++) s3.objects.set(`labels/Ohio/a/1851/${page}.json`, bytes(''));
    s3.faults.push('no-token');
    await expect(labelsOf(library)).rejects.toThrow(StorageError);
  });
});
