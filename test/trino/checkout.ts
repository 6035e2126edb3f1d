import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '../emulated/deployed/cdk-cli.ts';
import type { LedgerVersionName } from './ledger.ts';

/** What an app is made of: no other folder of the house is copied. */
const FOLDERS = [
  ...['adapters', 'bin', 'cli', 'core', 'demo', 'lambdas', 'lib', 'runtime', 'sources'],
  ...['test/trino', 'test/emulated/deployed', 'test/emulator'],
];
const FILES = ['package.json', 'package-lock.json', 'cdk.json', 'tsconfig.json'];
const LIST = 'sources/list.ts';
/** The last line of the list of sources. */
const END_OF_LIST = '};\n\nexport const SOURCE_NAMES';

/** Copies this checkout into a new folder, with a version of the ledger in its list of sources. */
export function checkoutWith(version: LedgerVersionName, into: string): string {
  for (const name of [...FOLDERS, ...FILES]) cpSync(join(ROOT, name), join(into, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(into, 'node_modules'));
  const list = readFileSync(join(into, LIST), 'utf8');
  const ledger = relative('sources', 'test/trino/ledger.ts');
  const line = `  ledger: async () => (await import('${ledger}')).ledgerOf('${version}'),\n`;
  if (list.split(END_OF_LIST).length !== 2) throw new Error(`${LIST} ends its list otherwise than it did`);
  writeFileSync(join(into, LIST), list.replace(END_OF_LIST, `${line}${END_OF_LIST}`));
  return into;
}
