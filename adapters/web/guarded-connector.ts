import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import buildConnector from 'undici/lib/core/connect.js';
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

export interface ConnectorOptions {
  readonly allowPrivateAddress: boolean;
  /** Milliseconds until a connecting socket is destroyed, TLS handshake included. */
  readonly connectMs: number;
  readonly resolve: ResolveHost;
}

/**
 * Opens sockets, each address checked after the name was resolved and before the connection is made, so that
 * a name which changes its answer between check and use gains nothing. A name with public and private
 * addresses is reached through its public ones only.
 */
export function guardedConnector(options: ConnectorOptions): buildConnector.connector {
  const connect = buildConnector({
    timeout: options.connectMs,
    allowH2: false,
    autoSelectFamily: true,
    lookup: guardedLookup(options),
  });
  if (options.allowPrivateAddress) return connect;
  return (target, callback) => {
    // A literal address never reaches the lookup.
    const refusal = isIP(target.hostname) === 0 ? undefined : addressRefusal(target.hostname);
    if (refusal !== undefined) {
      queueMicrotask(() => callback(new AddressRefusedError(refusal), null));
      return;
    }
    connect(target, (error, socket) => {
      if (error !== null) return callback(error, null);
      const reached = addressRefusal(socket.remoteAddress ?? '');
      if (reached === undefined) return callback(null, socket);
      socket.destroy();
      callback(new AddressRefusedError(reached), null);
    });
  };
}

/** The resolver as sockets call it; what it leaves out is never connected to. */
export function guardedLookup({
  allowPrivateAddress,
  resolve,
}: Pick<ConnectorOptions, 'allowPrivateAddress' | 'resolve'>): LookupFunction {
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
