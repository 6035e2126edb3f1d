import type { ProxyServer } from '../core/ports/http-client.ts';
import { parseProxies } from '../core/proxies/proxy-server.ts';
import { OwnSettingError, ownSettingNames, withSettings } from '../core/source/own-settings.ts';
import type { Source } from '../core/source/source.ts';
import { SettingError } from './setting-error.ts';
import { type SourceSetting, variableOf } from './setting-names.ts';

/**
 * Variables of one source, `RESCRAPE_<SOURCE>_…`: they override what its definition says, for this machine.
 */
export interface SourceSettings {
  readonly source: Source;
  /** The one origin that may lie at a private address. */
  readonly allowPrivateOrigin?: string;
  /** What its requests go through; at least one. @default straight */
  readonly proxies?: readonly ProxyServer[];
  /** The ARN of a secret that lists them. */
  readonly proxiesSecret?: string;
  /** Every host may lie in a private network. */
  readonly allowPrivateNetwork?: boolean;
}

/** What `RESCRAPE_<SOURCE>_PRIVATE_NETWORK` may say. */
export const PRIVATE_NETWORK = ['allow', 'refuse'] as const;

/** The least that a number may be. */
const LEAST = {
  MIN_DELAY_MS: 0,
  CONCURRENCY: 1,
  REQUESTS_AT_ONCE: 1,
  TIMEOUT_MS: 1,
  COOL_DOWN_MINUTES: 0,
} as const;
type NumberSetting = keyof typeof LEAST;

/** What the variables of a source say, whatever it is like; what is not set is undefined. */
interface GivenSettings {
  readonly url: string | undefined;
  readonly allowPrivate: boolean;
  readonly privateNetwork: (typeof PRIVATE_NETWORK)[number] | undefined;
  readonly number: Readonly<Record<NumberSetting, number | undefined>>;
  readonly proxies: readonly ProxyServer[];
  readonly proxiesSecret: string | undefined;
}

/** Throws a SettingError for the first that cannot be used. */
function givenSettings(source: string, env: Readonly<Record<string, string | undefined>>): GivenSettings {
  const name = (setting: SourceSetting) => variableOf(source, setting);
  const value = (setting: SourceSetting) => env[name(setting)];
  const proxies = proxiesIn(name('PROXIES'), value('PROXIES'));
  const proxiesSecret = value('PROXIES_SECRET') || undefined;
  if (proxies.length > 0 && proxiesSecret !== undefined)
    throw new SettingError(`${name('PROXIES')} and ${name('PROXIES_SECRET')} are both set: give one of them`);
  const numbers = (Object.keys(LEAST) as NumberSetting[]).map((setting) => [
    setting,
    numberOf(name(setting), value(setting), LEAST[setting]),
  ]);
  return {
    url: addressOf(name('URL'), value('URL')),
    allowPrivate: value('ALLOW_PRIVATE') === '1',
    privateNetwork: oneOf(name('PRIVATE_NETWORK'), value('PRIVATE_NETWORK'), PRIVATE_NETWORK),
    number: Object.fromEntries(numbers) as GivenSettings['number'],
    proxies,
    proxiesSecret,
  };
}

/**
 * Throws a SettingError for a setting that no source can use, whatever it is like: a function says so at its
 * cold start, before its sources are loaded. `names`: of the sources.
 */
export function refuseUnusableSettings(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): void {
  for (const name of names) givenSettings(name, env);
}

/**
 * `RESCRAPE_RACING_URL` points the source at another site; one that stands at a literal loopback or private
 * address, or at localhost, is thereby allowed, and nothing else private is. `…_ALLOW_PRIVATE=1` allows it
 * for a host name as well, and `…_PRIVATE_NETWORK=allow` for every host of the source. `…_MIN_DELAY_MS`,
 * `…_CONCURRENCY` and `…_REQUESTS_AT_ONCE` change the politeness, `…_TIMEOUT_MS` the deadline of a page, and
 * `…_COOL_DOWN_MINUTES` how long a failed item is left alone. `…_PROXIES` lists the
 * proxies of its requests (`parseProxies`); `…_PROXIES_SECRET` names a secret that does, in a deployment.
 */
export function applySettings(
  source: Source,
  env: Readonly<Record<string, string | undefined>>,
): SourceSettings {
  const given = givenSettings(source.name, env);
  const { url, number, proxies, proxiesSecret } = given;
  if (url !== undefined && source.baseUrl === undefined)
    throw new SettingError(
      `${variableOf(source.name, 'URL')} is set, but every target of ${source.name} has its own address`,
    );
  const baseUrl = url ?? source.baseUrl;
  const allowPrivateOrigin = privateOrigin(url, baseUrl, given.allowPrivate);
  const { MIN_DELAY_MS: minDelayMs, CONCURRENCY: concurrency, REQUESTS_AT_ONCE: requestsAtOnce } = number;
  const { TIMEOUT_MS: timeoutMs, COOL_DOWN_MINUTES: coolDownMinutes } = number;
  return {
    ...(allowPrivateOrigin !== undefined && { allowPrivateOrigin }),
    ...(given.privateNetwork === 'allow' && { allowPrivateNetwork: true }),
    ...(proxies.length > 0 && { proxies }),
    ...(proxiesSecret !== undefined && { proxiesSecret }),
    source: {
      ...source,
      ...ownSettingsOf(source, env),
      ...(baseUrl !== undefined && { baseUrl }),
      politeness: {
        ...source.politeness,
        ...(minDelayMs !== undefined && { minDelayMs }),
        ...(concurrency !== undefined && { concurrency }),
        ...(requestsAtOnce !== undefined && { requestsAtOnce }),
      },
      retry: { ...source.retry, ...(coolDownMinutes !== undefined && { coolDownMinutes }) },
      limits: {
        ...source.limits,
        ...(timeoutMs !== undefined && {
          connectMs: Math.min(source.limits.connectMs, timeoutMs),
          headersMs: timeoutMs,
          bodyMs: timeoutMs,
          totalMs: timeoutMs,
        }),
      },
    },
  };
}

/** The source's own settings: `RESCRAPE_<SOURCE>_<NAME>` for each that its definition names. */
function ownSettingsOf(
  source: Source,
  env: Readonly<Record<string, string | undefined>>,
): Pick<Source, 'ownSettings' | 'unset'> {
  const names = ownSettingNames(source);
  const given = names.map((name) => [name, env[variableOf(source.name, name)] || undefined]);
  try {
    return withSettings(source, Object.fromEntries(given));
  } catch (error) {
    if (!(error instanceof OwnSettingError)) throw error;
    throw new SettingError(`${variableOf(source.name, error.setting)}: ${error.message}`);
  }
}

/** Proxies by a text; `name`: of what holds it, for the error. */
export function proxiesIn(name: string, text: string | undefined): readonly ProxyServer[] {
  const parsed = parseProxies(text ?? '');
  if (parsed.kind === 'problem') throw new SettingError(`${name}: ${parsed.problem}`);
  return parsed.proxies;
}

/** The origin of the base URL where that may be private: the operator's own literal one, or if he says so. */
function privateOrigin(
  given: string | undefined,
  baseUrl: string | undefined,
  isAllowed: boolean,
): string | undefined {
  if (baseUrl === undefined) return undefined;
  const { hostname, origin } = new URL(baseUrl);
  const isNamed = given !== undefined && (isLiteralAddress(hostname) || hostname === 'localhost');
  return isNamed || isAllowed ? origin : undefined;
}

function oneOf<Value extends string>(
  name: string,
  text: string | undefined,
  values: readonly Value[],
): Value | undefined {
  if (text === undefined || text === '') return undefined;
  const value = values.find((each) => each === text);
  if (value !== undefined) return value;
  throw new SettingError(`${name} is ${JSON.stringify(text)}: give ${values.join(' or ')}`);
}

/** An address by a text; `name`: of what holds it, for the error. Undefined where there is no text. */
export function addressOf(name: string, text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  const url = URL.parse(text);
  if (
    url &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    url.username === '' &&
    url.password === ''
  )
    return url.href;
  // What stands before an @ may be a password.
  const shown = text.includes('@') ? 'an address with user and password' : JSON.stringify(text);
  throw new SettingError(`${name} is ${shown}: give an http(s) address without user and password`);
}

function numberOf(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= 3_600_000) return value;
  throw new SettingError(`${name} is ${JSON.stringify(text)}: give a whole number from ${least} to 3600000`);
}

function isLiteralAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
}
