/**
 * xxHash64 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md), seed 0. Each number of 64 bits is two of 32, its
 * high half first: with BigInt a page of 60 bytes takes ten times as long.
 */
type Prime = readonly [high: number, low: number];
const PRIME_1: Prime = [0x9e3779b1, 0x85ebca87];
const PRIME_2: Prime = [0xc2b2ae3d, 0x27d4eb4f];
const PRIME_3: Prime = [0x165667b1, 0x9e3779f9];
const PRIME_4: Prime = [0x85ebca77, 0xc2b2ae63];
const PRIME_5: Prime = [0x27d4eb2f, 0x165667c5];

const STRIPE_BYTES = 32;
/** Of the four lanes of a stripe, each its high half and its low one. */
const lanes = new Int32Array(8);

/** The number that is worked on. */
let high = 0;
let low = 0;

/** The low 32 bits of the hash, which are the checksum of a frame of zstd; not negative. */
export function xxhash64Low(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  let at = 0;
  if (length < STRIPE_BYTES) set(PRIME_5[0], PRIME_5[1]);
  else {
    startLanes();
    for (; at + STRIPE_BYTES <= length; at += STRIPE_BYTES) takeStripe(view, at);
    mergeLanes();
  }
  add(0, length);
  for (; at + 8 <= length; at += 8) takeEight(view.getInt32(at + 4, true), view.getInt32(at, true));
  if (at + 4 <= length) {
    takeFew(view.getInt32(at, true), PRIME_1, 23, PRIME_2);
    add(PRIME_3[0], PRIME_3[1]);
    at += 4;
  }
  for (; at < length; at++) takeFew(bytes[at]!, PRIME_5, 11, PRIME_1);
  low ^= high >>> 1;
  multiply(PRIME_2);
  low ^= (low >>> 29) | (high << 3);
  high ^= high >>> 29;
  multiply(PRIME_3);
  return (low ^ high) >>> 0;
}

function startLanes(): void {
  set(PRIME_1[0], PRIME_1[1]);
  add(PRIME_2[0], PRIME_2[1]);
  keepIn(0);
  set(PRIME_2[0], PRIME_2[1]);
  keepIn(2);
  set(0, 0);
  keepIn(4);
  set(~PRIME_1[0], -PRIME_1[1]);
  keepIn(6);
}

function takeStripe(view: DataView, start: number): void {
  for (let lane = 0; lane < 8; lane += 2) {
    const at = start + 4 * lane;
    set(view.getInt32(at + 4, true), view.getInt32(at, true));
    multiply(PRIME_2);
    add(lanes[lane]!, lanes[lane + 1]!);
    rotate(31);
    multiply(PRIME_1);
    keepIn(lane);
  }
}

const LANE_ROTATIONS = [1, 7, 12, 18] as const;

function mergeLanes(): void {
  let sumHigh = 0;
  let sumLow = 0;
  for (let lane = 0; lane < 8; lane += 2) {
    set(lanes[lane]!, lanes[lane + 1]!);
    rotate(LANE_ROTATIONS[lane >> 1]!);
    add(sumHigh, sumLow);
    sumHigh = high;
    sumLow = low;
  }
  for (let lane = 0; lane < 8; lane += 2) {
    mix(lanes[lane]!, lanes[lane + 1]!);
    multiply(PRIME_1);
    add(PRIME_4[0], PRIME_4[1]);
  }
}

/** Eight bytes behind the last whole stripe. */
function takeEight(itsHigh: number, itsLow: number): void {
  mix(itsHigh, itsLow);
  rotate(27);
  multiply(PRIME_1);
  add(PRIME_4[0], PRIME_4[1]);
}

/** A number of at most 32 bits. */
function takeFew(value: number, by: Prime, bits: number, then: Prime): void {
  const beforeHigh = high;
  const beforeLow = low;
  set(0, value);
  multiply(by);
  set(high ^ beforeHigh, low ^ beforeLow);
  rotate(bits);
  multiply(then);
}

/** What the specification calls a round of an empty lane, laid over the number by exclusive or. */
function mix(itsHigh: number, itsLow: number): void {
  const beforeHigh = high;
  const beforeLow = low;
  set(itsHigh, itsLow);
  multiply(PRIME_2);
  rotate(31);
  multiply(PRIME_1);
  set(high ^ beforeHigh, low ^ beforeLow);
}

function keepIn(lane: number): void {
  lanes[lane] = high;
  lanes[lane + 1] = low;
}

function set(itsHigh: number, itsLow: number): void {
  high = itsHigh | 0;
  low = itsLow | 0;
}

function add(itsHigh: number, itsLow: number): void {
  const sum = (low >>> 0) + (itsLow >>> 0);
  high = (high + itsHigh + (sum > 0xffffffff ? 1 : 0)) | 0;
  low = sum | 0;
}

/** To the left, by 1 to 31 bits. */
function rotate(bits: number): void {
  const carried = high >>> (32 - bits);
  high = (high << bits) | (low >>> (32 - bits));
  low = (low << bits) | carried;
}

/** By 16 bits at a time: a product of 32 times 32 has more than a number holds exactly. */
function multiply(by: Prime): void {
  const byHigh = by[0];
  const byLow = by[1];
  const a0 = low & 0xffff;
  const a1 = low >>> 16;
  const b0 = byLow & 0xffff;
  const b1 = byLow >>> 16;
  const first = (Math.imul(a1, b0) >>> 0) + (Math.imul(a0, b0) >>> 16);
  const second = (Math.imul(a0, b1) >>> 0) + (first & 0xffff);
  const carried = Math.imul(a1, b1) + (first >>> 16) + (second >>> 16);
  high = (carried + Math.imul(high, byLow) + Math.imul(low, byHigh)) | 0;
  low = Math.imul(low, byLow);
}
