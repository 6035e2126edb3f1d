import type { Command } from 'commander';
import { coolDownMs } from '../core/failures/retry-policy.ts';
import { requestsAtOnceOf } from '../core/source/source-policy.ts';
import { CONFIG_FILE, readConfigFile, settingsOf } from '../runtime/config-file.ts';
import { extractSettings, shownExtractSettings } from '../runtime/extract-settings.ts';
import {
  EXTRACT_SETTINGS,
  refuseUnknownVariables,
  SOURCE_SETTINGS,
  type SourceSetting,
  variableOf,
} from '../runtime/setting-names.ts';
import { addressOf, applySettings, type SourceSettings } from '../runtime/settings.ts';
import { EXTRACTIONS } from '../sources/extractions.ts';
import { invalidSources, listedSources, sources } from '../sources/index.ts';
import { examples, newCommand } from './command.ts';
import { globalOptions, isLocalGiven, warnOfInvalid } from './context.ts';
import { type ListOptions, printList, withCsv } from './list.ts';

export function configCommand(): Command {
  return withCsv(newCommand('config'))
    .addHelpText('after', examples('config', 'config --json'))
    .action(async (options: ListOptions, command: Command) => {
      const globals = globalOptions(command);
      refuseUnknownVariables(process.env, listedSources, EXTRACTIONS);
      warnOfInvalid(invalidSources, command);
      const file = await readConfigFile(process.cwd(), listedSources, EXTRACTIONS);
      const env = settingsOf(process.env, file);
      const rows = [
        ...placeRows(command),
        ...(process.env.RESCRAPE_NOW
          ? [{ setting: 'RESCRAPE_NOW', value: process.env.RESCRAPE_NOW, from: 'environment' }]
          : []),
        ...sources.flatMap((source) => {
          const applied = applySettings(source, env);
          return SOURCE_SETTINGS.map((setting) => {
            const name = variableOf(source.name, setting);
            return { setting: name, value: VALUES[setting](applied), from: originOf(name, file, 'source') };
          });
        }),
        ...EXTRACTIONS.flatMap((extraction) => {
          const shown = shownExtractSettings(extractSettings(extraction, env));
          return EXTRACT_SETTINGS.map((setting) => {
            const name = variableOf(extraction.name, setting);
            return { setting: name, value: shown[setting], from: originOf(name, file, 'default') };
          });
        }),
        ...geminiRows(process.env),
      ];
      const columns = [{ name: 'setting' }, { name: 'value' }, { name: 'from' }];
      printList({ columns, rows, none: '' }, { ...globals, ...options });
    });
}

function originOf(name: string, file: Readonly<Record<string, unknown>>, otherwise: string): string {
  if (process.env[name]) return 'environment';
  return file[name] === undefined ? otherwise : CONFIG_FILE;
}

/** Of the key only whether there is one: the environment alone holds it, and nobody is shown it. */
function geminiRows(env: Readonly<Record<string, string | undefined>>) {
  const address = addressOf('RESCRAPE_GEMINI_URL', env.RESCRAPE_GEMINI_URL);
  return [
    { setting: 'RESCRAPE_GEMINI_URL', value: address === undefined ? '' : maskedAddress(address) },
    { setting: 'GEMINI_API_KEY', value: env.GEMINI_API_KEY?.trim() ? '***' : '' },
  ].map((row) => ({ ...row, from: env[row.setting] ? 'environment' : 'default' }));
}

/** Where a command works, as its own options say. */
function placeRows(command: Command): { setting: string; value: unknown; from: string }[] {
  const { local, stack } = globalOptions(command);
  if (stack !== undefined) return [{ setting: '--stack', value: stack, from: 'option' }];
  return [{ setting: '--local', value: local, from: isLocalGiven(command) ? 'option' : 'default' }];
}

/** What holds. Each setting that is added is shown here, or this does not compile. */
const VALUES: Readonly<Record<SourceSetting, (settings: SourceSettings) => string | number | boolean>> = {
  URL: ({ source }) => (source.baseUrl === undefined ? '' : maskedAddress(source.baseUrl)),
  ALLOW_PRIVATE: ({ allowPrivateOrigin }) => allowPrivateOrigin !== undefined,
  PRIVATE_NETWORK: ({ allowPrivateNetwork }) => (allowPrivateNetwork ? 'allow' : 'refuse'),
  MIN_DELAY_MS: ({ source }) => source.politeness.minDelayMs,
  CONCURRENCY: ({ source }) => source.politeness.concurrency,
  REQUESTS_AT_ONCE: ({ source }) => requestsAtOnceOf(source.politeness),
  TIMEOUT_MS: ({ source }) => source.limits.totalMs,
  COOL_DOWN_MINUTES: ({ source }) => coolDownMs({ code: 'TIMEOUT' }, source.retry) / 60_000,
  PROXIES: ({ proxies = [] }) => proxies.map(({ id }) => id).join(' '),
  PROXIES_SECRET: ({ proxiesSecret = '' }) => proxiesSecret,
};

/** Without user, password and query: there may be a key in them. */
function maskedAddress(address: string): string {
  const url = new URL(address);
  url.username = url.username && '***';
  url.password = url.password && '***';
  url.search = url.search && '***';
  return url.href;
}
