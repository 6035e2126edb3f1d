import { createRequire } from 'node:module';
import type { PrivateAddresses } from '../ports/http-client.ts';

type Addresses = typeof import('ipaddr.js');

/** Loaded by the first address that is asked about: a start of a function needs none. */
let addresses: Addresses | undefined;

/** Global unicast, the only IPv6 space handed out to the public (RFC 4291, section 2.4; IANA registry). */
const GLOBAL_UNICAST = '2000::/3';

/** Azure's platform and metadata service lives on an address that looks public. */
const AZURE_PLATFORM = '168.63.129.16';

/** What an operator's own network is made of, as ipaddr.js calls it. */
const NETWORK: ReadonlySet<string> = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']);

/**
 * Why no request may connect to this address, where `allowed` says which may be reached that are not public;
 * undefined for one that may. Everything that is not plainly public is refused: loopback, private, link-local
 * (cloud metadata among them), CGNAT, multicast, reserved, and the forms that carry an IPv4 address through a
 * translator (6to4, NAT64, Teredo). An IPv4-mapped address is judged by the IPv4 address that it reaches.
 */
export function addressRefusal(address: string, allowed: PrivateAddresses = 'none'): string | undefined {
  if (allowed === 'any') return undefined;
  addresses ??= createRequire(import.meta.url)('ipaddr.js') as Addresses;
  if (!addresses.isValid(address)) return `${address} is no IP address`;
  const parsed = addresses.process(address);
  const range = parsed.range();
  if (allowed === 'network' && NETWORK.has(range)) return undefined;
  if (range !== 'unicast') return `${address} is ${NAMES[range] ?? `a ${range} address`}`;
  if (parsed.toString() === AZURE_PLATFORM) return `${address} is a cloud metadata address`;
  if (parsed.kind() === 'ipv6' && !parsed.match(addresses.IPv6.parseCIDR(GLOBAL_UNICAST)))
    return `${address} is not a public address`;
  return undefined;
}

/** ipaddr.js' names of ranges, put for a person. */
const NAMES: Readonly<Record<string, string>> = {
  unspecified: 'the unspecified address',
  linkLocal: 'a link-local address',
  carrierGradeNat: 'a carrier-grade NAT address',
  uniqueLocal: 'a private address',
  deprecatedSiteLocal: 'a private address',
  rfc6145: 'a NAT64 address',
  rfc6052: 'a NAT64 address',
};
