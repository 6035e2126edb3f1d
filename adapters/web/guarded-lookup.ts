import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { addressRefusal } from '../../core/fetch/address-guard.ts';
import type { PrivateAddresses } from '../../core/ports/http-client.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Every address of a name. Rejects with the resolver's own error (`code: 'ENOTFOUND'`). */
export type ResolveHost = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** This machine: nobody is asked for names under `.localhost` (RFC 6761, section 6.3). */
const LOOPBACK: readonly ResolvedAddress[] = [{ address: '127.0.0.1', family: 4 }];

/** The machine's resolver (hosts file, then DNS). */
export const resolveWithSystem: ResolveHost = async (hostname) => {
  if (/\.localhost\.?$/i.test(hostname)) return LOOPBACK;
  const found = await systemLookup(hostname, { all: true, order: 'verbatim' });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};

/** No connection was made, because the address is none that this request may reach. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
}

/** The resolver as sockets call it; what it leaves out is never connected to. */
export function guardedLookup({
  privateAddresses,
  resolve,
}: {
  readonly privateAddresses: PrivateAddresses;
  readonly resolve: ResolveHost;
}): LookupFunction {
  return (hostname, options, callback) => {
    const answer = (addresses: readonly ResolvedAddress[]) => {
      const permitted = addresses.filter(
        ({ address }) => addressRefusal(address, privateAddresses) === undefined,
      );
      const first = permitted[0];
      if (first === undefined) return callback(refusalOf(hostname, addresses, privateAddresses), '', 0);
      if (options.all) callback(null, [...permitted]);
      else callback(null, first.address, first.family);
    };
    resolve(hostname).then(answer, (error: NodeJS.ErrnoException) => callback(error, '', 0));
  };
}

function refusalOf(
  hostname: string,
  addresses: readonly ResolvedAddress[],
  privateAddresses: PrivateAddresses,
): Error {
  const first = addresses[0];
  if (first === undefined)
    return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
  return new AddressRefusedError(`${hostname}: ${addressRefusal(first.address, privateAddresses)}`);
}
