import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

/** S3 takes parts of 5 MB and more. */
const PART_BYTES = 8 * 1024 * 1024;

interface Target {
  readonly Bucket: string;
  readonly Key: string;
}

/** An object that would have more bytes than allowed: nothing of it is there. */
export class ObjectTooLargeError extends Error {
  override readonly name = 'ObjectTooLargeError';
}

/**
 * Writes an object that is larger than memory, part by part; it is there once it is whole. Throws an
 * ObjectTooLargeError beyond `maxBytes`, and what the SDK throws.
 */
export async function writeLargeObject(
  s3: S3Client,
  target: Target,
  pieces: AsyncIterable<Uint8Array>,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const abort = { abortSignal: signal };
  const etags: string[] = [];
  let uploadId: string | undefined;
  let part: Uint8Array[] = [];
  let bytes = 0;
  let total = 0;
  const sendPart = async () => {
    uploadId ??= (await s3.send(new CreateMultipartUploadCommand(target), abort)).UploadId!;
    const numbered = { ...target, UploadId: uploadId, PartNumber: etags.length + 1 };
    const sent = await s3.send(new UploadPartCommand({ ...numbered, Body: Buffer.concat(part) }), abort);
    etags.push(sent.ETag ?? '');
    part = [];
    bytes = 0;
  };
  try {
    for await (const piece of pieces) {
      total += piece.length;
      if (total > maxBytes) throw new ObjectTooLargeError(`more than ${maxBytes} bytes`);
      part.push(piece);
      bytes += piece.length;
      if (bytes >= PART_BYTES) await sendPart();
    }
    if (uploadId === undefined) {
      await s3.send(new PutObjectCommand({ ...target, Body: Buffer.concat(part) }), abort);
      return;
    }
    if (bytes > 0) await sendPart();
    const Parts = etags.map((ETag, at) => ({ ETag, PartNumber: at + 1 }));
    const whole = { ...target, UploadId: uploadId, MultipartUpload: { Parts } };
    await s3.send(new CompleteMultipartUploadCommand(whole), abort);
  } catch (error) {
    // Parts that stay behind are paid for; where even this fails, the bucket's own rule takes them away.
    if (uploadId !== undefined)
      await s3
        .send(new AbortMultipartUploadCommand({ ...target, UploadId: uploadId }))
        .catch(() => undefined);
    throw error;
  }
}
