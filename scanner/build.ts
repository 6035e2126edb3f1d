import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('assembly/', import.meta.url));
const LOCK = fileURLToPath(new URL('package-lock.json', import.meta.url));
/** What it shares with the code that reads its numbers. */
const SHARED = ['html-characters.ts', 'html-layout.ts'].map((name) =>
  fileURLToPath(new URL(`../core/source/${name}`, import.meta.url)),
);
const BUILT = fileURLToPath(new URL('../core/source/html-scanner-wasm.ts', import.meta.url));

// No collector and no checks of the language's own: the scanner makes no objects, and looks at bytes only.
const OPTIONS = [
  '-O3',
  '--converge',
  '--noAssert',
  '--runtime',
  'stub',
  '--enable',
  'simd',
  '--use',
  'abort=',
];

interface Compiler {
  main(
    args: readonly string[],
    host: {
      readFile(name: string, folder: string): string | null;
      writeFile(name: string, content: Uint8Array): void;
    },
  ): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>;
}

/** The files that the scanner is made of, by their names. */
function sources(): readonly (readonly [string, string])[] {
  const own = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));
  const files = [...own.map((name) => `${FOLDER}${name}`), ...SHARED].sort();
  return files.map((file) => [basename(file), readFileSync(file, 'utf8')]);
}

/** Changes with every file that the scanner is made of, with its compiler and its options. */
export function hashOfSources(): string {
  const lock = readFileSync(LOCK, 'utf8');
  return createHash('sha256')
    .update(JSON.stringify([sources(), OPTIONS, lock]))
    .digest('hex');
}

export function builtScanner(): string {
  return readFileSync(BUILT, 'utf8');
}

/** The module with the compiled scanner, as text. Throws where the compiler is not installed. */
export async function buildScanner(): Promise<string> {
  const name = 'assemblyscript/asc';
  const { default: compiler } = (await import(name)) as { readonly default: Compiler };
  const files = new Map(sources());
  let built: Uint8Array | undefined;
  const { error, stderr } = await compiler.main(['scanner.ts', '--outFile', 'scanner.wasm', ...OPTIONS], {
    readFile: (name) => files.get(basename(name)) ?? null,
    writeFile: (_, content) => {
      built = content;
    },
  });
  if (error || !built) throw new Error(`${error?.message ?? 'nothing was built'}\n${stderr.toString()}`);
  const base64 = Buffer.from(built).toString('base64');
  return `// Made of scanner/ by \`npm run build:scanner\`, of the sources with this hash:\n// ${hashOfSources()}\n\nexport const SCANNER =\n  '${base64}';\n`;
}

if (import.meta.main) {
  try {
    writeFileSync(BUILT, await buildScanner());
  } catch (error) {
    console.error(`the scanner is not built (is its compiler there? npm ci --prefix scanner): ${error}`);
    process.exitCode = 1;
  }
}
