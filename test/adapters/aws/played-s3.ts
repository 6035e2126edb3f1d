import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** `status` 0: the connection is reset, after it was done. */
export interface Answered {
  readonly status: number;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export const json = (value: unknown): Answered => ({ status: 200, body: JSON.stringify(value) });
export const failed = (status: number, type: string, message = 'as played'): Answered => ({
  status,
  body: JSON.stringify({ message }),
  headers: { 'x-amzn-errortype': type },
});
export const s3Failed = (status: number, code: string): Answered => ({
  status,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>as played</Message></Error>`,
});

/** S3 over objects by `/bucket/key`: puts (conditional, in parts), gets, lists, deletes. */
export function playedS3(
  objects: Map<string, Buffer>,
  journal: string[],
): (request: IncomingMessage, url: URL, body: Buffer) => Answered {
  const uploads = new Map<string, Map<number, Buffer>>();
  const etag = (bytes: Buffer) => ({ ETag: `"${createHash('md5').update(bytes).digest('hex')}"` });

  return (request, url, body) => {
    const path = decodeURIComponent(url.pathname);
    const { method = '' } = request;
    journal.push(`s3 ${method}`);
    const id = url.searchParams.get('uploadId');
    if (method === 'GET' && url.searchParams.get('list-type') === '2') return list(path, url);
    if (method === 'POST' && url.searchParams.has('uploads')) {
      uploads.set(path, new Map());
      return {
        status: 200,
        body: `<InitiateMultipartUploadResult><UploadId>${path}</UploadId></InitiateMultipartUploadResult>`,
      };
    }
    if (method === 'PUT' && id !== null)
      uploads.get(id)?.set(Number(url.searchParams.get('partNumber')), body);
    else if (method === 'PUT') {
      if (request.headers['if-none-match'] === '*' && objects.has(path))
        return s3Failed(412, 'PreconditionFailed');
      objects.set(path, body);
    }
    if (method === 'PUT') return { status: 200, body: '', headers: etag(body) };
    if (method === 'DELETE') {
      if (id === null) objects.delete(path);
      else uploads.delete(id);
      return { status: 204, body: '' };
    }
    if (method === 'POST') {
      const parts = [...(uploads.get(id ?? '') ?? [])].toSorted(([a], [b]) => a - b);
      if (parts.slice(0, -1).some(([, bytes]) => bytes.length < 5_242_880))
        return s3Failed(400, 'EntityTooSmall');
      objects.set(path, Buffer.concat(parts.map(([, bytes]) => bytes)));
      uploads.delete(id ?? '');
      return {
        status: 200,
        body: '<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>',
      };
    }
    const object = objects.get(path);
    return object ? { status: 200, body: object, headers: etag(object) } : s3Failed(404, 'NoSuchKey');
  };

  /** Pages of 20, so that there are several. */
  function list(bucket: string, url: URL): Answered {
    const start = `${bucket.replace(/\/$/, '')}/`;
    const prefix = url.searchParams.get('prefix') ?? '';
    const after = url.searchParams.get('continuation-token') ?? '';
    const keys = [...objects.keys()]
      .flatMap((path) => (path.startsWith(`${start}${prefix}`) ? [path.slice(start.length)] : []))
      .filter((key) => key > after)
      .toSorted();
    const page = keys.slice(0, 20);
    const contents = page.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join('');
    const next =
      page.length < keys.length
        ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${page.at(-1)}</NextContinuationToken>`
        : '<IsTruncated>false</IsTruncated>';
    return { status: 200, body: `<ListBucketResult>${contents}${next}</ListBucketResult>` };
  }
}
