import { crc32, deflateSync } from 'node:zlib';

/** A picture of two tones; true is ink. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  has(x: number, y: number): boolean;
}

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** A PNG of one bit a dot, black on white. The same picture is the same bytes on one version of Node. */
export function pngOf({ width, height, has }: Bitmap): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // One bit a dot, greyscale; the rest is zero: deflate, adaptive filters, no interlace.
  header[8] = 1;
  const bytesOfRow = 1 + Math.ceil(width / 8);
  const dots = Buffer.alloc(bytesOfRow * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) if (!has(x, y)) dots[y * bytesOfRow + 1 + (x >> 3)]! |= 0x80 >> (x & 7);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(dots, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}
