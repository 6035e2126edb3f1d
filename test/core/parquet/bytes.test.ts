import { describe, expect, it } from 'vitest';
import { Bytes } from '../../../core/parquet/bytes.ts';

/** Each way of appending, and what it appends. */
const WAYS: readonly [string, (bytes: Bytes) => void, number[]][] = [
  ['a byte', (bytes) => bytes.byte(7), [7]],
  ['four bytes', (bytes) => bytes.int32(-2), [0xfe, 0xff, 0xff, 0xff]],
  ['eight bytes', (bytes) => bytes.int64(2 ** 40 + 5), [5, 0, 0, 0, 0, 1, 0, 0]],
  [
    'eight bytes below 0',
    (bytes) => bytes.int64(-1 - 2 ** 33),
    [0xff, 0xff, 0xff, 0xff, 0xfd, 0xff, 0xff, 0xff],
  ],
  ['a double', (bytes) => bytes.double(-2), [0, 0, 0, 0, 0, 0, 0, 0xc0]],
  ['a number of any length', (bytes) => bytes.varint(2 ** 35 + 300), [0xac, 0x82, 0x80, 0x80, 0x80, 0x01]],
  ['bytes', (bytes) => bytes.append(Uint8Array.of(1, 2, 3)), [1, 2, 3]],
  ['text', (bytes) => bytes.text('ab'), [2, 0, 0, 0, 97, 98]],
  ['text that is no ASCII', (bytes) => bytes.text('aé'), [3, 0, 0, 0, 97, 0xc3, 0xa9]],
  ['short text', (bytes) => bytes.varintText('ab'), [2, 97, 98]],
  ['short text that is no ASCII', (bytes) => bytes.varintText('é'), [2, 0xc3, 0xa9]],
  ['longer text', (bytes) => bytes.varintText('a'.repeat(130)), [130, 1, ...Array<number>(130).fill(97)]],
];

describe('bytes', () => {
  it.each(WAYS)('take %s, however little room there was', (_, append, appended) => {
    for (let before = 0; before < 20; before++)
      for (const room of [0, 1, before, before + 1, before + appended.length]) {
        const bytes = new Bytes(room);
        for (let n = 0; n < before; n++) bytes.byte(n);
        append(bytes);
        bytes.byte(255);
        expect([...bytes.subarray()]).toEqual([...Array(before).keys(), ...appended, 255]);
      }
  });
});
