import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { addressRefusal } from '../../core/fetch/address-guard.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Every address of a name. Rejects with the resolver's own error (`code: 'ENOTFOUND'`). */
export type ResolveHost = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** The machine's resolver (hosts file, then DNS). */
export const resolveWithSystem: ResolveHost = async (hostname) => {
  const found = await systemLookup(hostname, { all: true, order: 'verbatim' });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};

/** No connection was made, because the address is none that this request may reach. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
}

/** The resolver as sockets call it; what it leaves out is never connected to. */
export function guardedLookup({
  allowPrivateAddress,
  resolve,
}: {
  readonly allowPrivateAddress: boolean;
  readonly resolve: ResolveHost;
}): LookupFunction {
  return (hostname, options, callback) => {
    const answer = (addresses: readonly ResolvedAddress[]) => {
      const permitted = allowPrivateAddress
        ? addresses
        : addresses.filter(({ address }) => addressRefusal(address) === undefined);
      const first = permitted[0];
      if (first === undefined) return callback(refusalOf(hostname, addresses), '', 0);
      if (options.all) callback(null, [...permitted]);
      else callback(null, first.address, first.family);
    };
    resolve(hostname).then(answer, (error: NodeJS.ErrnoException) => callback(error, '', 0));
  };
}

function refusalOf(hostname: string, addresses: readonly ResolvedAddress[]): Error {
  const first = addresses[0];
  if (first === undefined)
    return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
  return new AddressRefusedError(`${hostname}: ${addressRefusal(first.address)}`);
}
