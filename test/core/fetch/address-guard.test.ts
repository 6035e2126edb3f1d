import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressRefusal } from '../../../core/fetch/address-guard.ts';

const refused = (address: string) => addressRefusal(address) !== undefined;

/** Blocks of IPv4 that a request must not reach, with why (IANA's special-purpose registry). */
const FORBIDDEN_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

const toInt = (address: string) => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
const toDotted = (value: number) =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
const hexPair = (value: number) =>
  `${Math.floor(value / 65_536).toString(16)}:${(value % 65_536).toString(16)}`;

const forbiddenV4 = fc
  .constantFrom(...FORBIDDEN_V4)
  .chain(([base, bits]) =>
    fc.integer({ min: 0, max: 2 ** (32 - bits) - 1 }).map((offset) => toInt(base) + offset),
  );

it.each([
  ['127.0.0.1', true],
  ['10.1.2.3', true],
  ['192.168.1.1', true],
  ['::1', true],
  ['fd12::1', true],
  ['100.64.0.1', true],
  ['169.254.169.254', false],
  ['fe80::1', false],
  ['168.63.129.16', false],
  ['0.0.0.0', false],
  ['224.0.0.1', false],
  ['93.184.216.34', true],
])('the address %s may be reached where the private network is open: %s', (address, may) => {
  expect(addressRefusal(address, 'network') === undefined).toBe(may);
});

describe('an address that no request may reach', () => {
  it('is every one of the special blocks of IPv4', () => {
    fc.assert(fc.property(forbiddenV4, (value) => refused(toDotted(value))));
  });

  it('stays one in every IPv6 form that carries it', () => {
    fc.assert(
      fc.property(forbiddenV4, (value) => {
        const pair = hexPair(value);
        const forms = [
          `::ffff:${pair}`,
          `::ffff:${toDotted(value)}`,
          `::ffff:0:${pair}`,
          `::${pair}`,
          `64:ff9b::${pair}`,
          `64:ff9b:1::${pair}`,
          `2002:${pair}::`,
          `2001:0:${pair}::1`,
        ];
        return forms.every(refused);
      }),
    );
  });

  it.each([
    ['169.254.169.254', 'the metadata of most clouds'],
    ['168.63.129.16', 'the platform of Azure'],
    ['100.100.100.200', 'the metadata of Alibaba'],
    ['192.0.0.192', 'the metadata of Oracle'],
    ['fd00:ec2::254', 'the metadata of AWS over IPv6'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local with a zone'],
    ['fec0::1', 'site-local'],
    ['fc00::1', 'unique local'],
    ['ff02::1', 'multicast'],
    ['100::1', 'discard'],
    ['2001:db8::1', 'documentation'],
    ['3fff::1', 'documentation'],
    ['4000::1', 'not handed out'],
    ['5f00::1', 'segment routing'],
    ['64:ff9b::8.8.8.8', 'NAT64, whatever it leads to'],
    ['2002:808:808::1', '6to4, whatever it leads to'],
    ['', 'nothing'],
    ['localhost', 'a name'],
    ['1.2.3.4.5', 'nonsense'],
  ])('is %s: %s', (address) => {
    expect(addressRefusal(address)).toEqual(expect.any(String));
  });
});

describe('an ordinary public address', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '192.169.0.1',
    '11.0.0.1',
    '223.255.255.1',
    '::ffff:8.8.8.8',
  ])('%s may be reached', (address) => {
    expect(addressRefusal(address)).toBeUndefined();
  });

  it.each(['2606:4700:4700::1111', '2a00:1450:4009:81d::200e', '2001:4860:4860::8888', '2400:cb00::1'])(
    '%s may be reached',
    (address) => {
      expect(addressRefusal(address)).toBeUndefined();
    },
  );
});

it('the reason names the address and what it is', () => {
  expect(addressRefusal('127.0.0.1')).toBe('127.0.0.1 is a loopback address');
  expect(addressRefusal('::ffff:10.0.0.1')).toBe('::ffff:10.0.0.1 is a private address');
});
