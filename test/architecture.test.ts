import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { arrowsOfCore, findCircle, LAWS, violationsIn } from './architecture/laws.ts';
import { readModule } from './architecture/module-text.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ROOMS = [
  'core',
  'sources',
  'adapters',
  'runtime',
  'cli',
  'demo',
  'bin',
  'lib',
  'lambdas',
  'bench',
  'scanner',
  'test',
];

function* modulesIn(folder: string): Generator<string> {
  if (!existsSync(folder)) return; // a room that is not built yet
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !/^(?:node_modules|\.venv)$/.test(entry.name)) yield* modulesIn(path);
    else if (entry.isFile() && /\.[jt]s$/.test(entry.name)) yield path;
  }
}

const house = ROOMS.flatMap((room) => [...modulesIn(join(ROOT, room))]).map((file) => ({
  path: relative(ROOT, file).split(sep).join('/'),
  text: readFileSync(file, 'utf8'),
}));

describe('the import laws of the house', () => {
  it.each(LAWS.map(({ name }) => name))('%s', (name) => {
    const found = house
      .flatMap(({ path, text }) => violationsIn(path, text))
      .filter(({ law }) => law === name);
    expect(found.map(({ path, what }) => `${path}: ${what}`)).toEqual([]);
  });

  it('bind files that are there: a renamed room would leave its law without anything to watch', () => {
    const idle = LAWS.filter((law) => !house.some(({ path }) => law.binds(path))).map(({ name }) => name);
    expect(idle.filter((name) => !name.startsWith('lib '))).toEqual([]);
  });

  it.each(['file', 'room'] as const)(
    'lead in no circle from one %s to the next, types included',
    (between) => {
      expect(findCircle(arrowsOfCore(house, between))).toBeUndefined();
    },
  );

  it('see the imports of every file: each relative one leads to a file that is there', () => {
    const paths = new Set(house.map(({ path }) => path));
    const known = house.flatMap(({ path, text }) =>
      readModule(text)
        .imports.filter((name) => name.startsWith('.'))
        .map((name) => [path, name] as const),
    );
    expect(known.length).toBeGreaterThan(200);
    const lost = known.filter(([path, name]) => {
      const target = join('/', path, '..', name).slice(1);
      return !paths.has(target) && !/\.(json|css)$/.test(target);
    });
    expect(lost).toEqual([]);
  });
});

describe('the finder of circles', () => {
  const arrow = (from: string, to: string) => ({ from, to });
  it('finds one of any length, and none where all arrows lead down', () => {
    const down = [arrow('a', 'b'), arrow('a', 'c'), arrow('b', 'c'), arrow('c', 'd')];
    expect(findCircle(down)).toBeUndefined();
    expect(findCircle([...down, arrow('d', 'b')])).toEqual(['b', 'c', 'd', 'b']);
  });
});

describe('the checker of the laws', () => {
  const lawsBrokenBy = (path: string, text: string) => violationsIn(path, text).map(({ what }) => what);

  it.each([
    ['core/lake/a.ts', "import { readFileSync } from 'node:fs';", 'node:fs'],
    ['core/lake/a.ts', "import { request } from 'undici';", 'undici'],
    ['core/lake/a.ts', "import type { X } from '../../adapters/local/x.ts';", 'adapters/local/x.ts'],
    ['core/lake/a.ts', "export type { X } from '../scrape/x.ts';", 'core/scrape/x.ts'],
    ['core/lake/a.ts', "type X = import('../publish/x.ts').X;", 'core/publish/x.ts'],
    ['core/lake/a.ts', "const x = await import('node:net');", 'node:net'],
    ['core/lake/a.ts', "import {\n  a,\n  b,\n} from 'node:os';", 'node:os'],
    ['core/lake/a.ts', "import 'node:process';", 'node:process'],
    ['sources/a/source.ts', "import { x } from '../b/source.ts';", 'sources/b/source.ts'],
    ['sources/a/source.ts', "import { x } from '../../core/run/plan.ts';", 'core/run/plan.ts'],
    ['adapters/web/a.ts', "import { x } from '../local/b.ts';", 'adapters/local/b.ts'],
    ['adapters/web/a.ts', "import { x } from '../../runtime/local.ts';", 'runtime/local.ts'],
    ['cli/a.ts', "import { x } from '../adapters/local/b.ts';", 'adapters/local/b.ts'],
    ['cli/a.ts', "import { x } from '../core/advice/commands.ts';", 'core/advice/commands.ts'],
    ['lib/a.ts', "import { x } from '../adapters/aws/b.ts';", 'adapters/aws/b.ts'],
    ['lib/a.ts', "import { x } from '../core/lake/layout.ts';", 'core/lake/layout.ts'],
    ['demo/a.ts', "import { x } from '../core/source/page.ts';", 'core/source/page.ts'],
    ['demo/a.ts', "import { x } from '../sources/racing/words.ts';", 'sources/racing/words.ts'],
    ['demo/a.ts', "import { x } from '../runtime/clock.ts';", 'runtime/clock.ts'],
    ['demo/main.ts', "import { x } from '../runtime/local.ts';", 'runtime/local.ts'],
    ['lambdas/a.lambda.ts', "import { x } from '../runtime/clock.ts';", 'runtime/clock.ts'],
    ['runtime/aws.ts', "import { x } from './clock.ts';", 'runtime/clock.ts'],
    ['cli/a.ts', 'const now = Date.now();', 'Date.now()'],
    ['test/cli/a.test.ts', 'const today = new Date();', 'new Date() without an argument'],
    ['test/cli/a.test.ts', 'const started = performance.now();', 'performance'],
  ])('refuses in %s: %s', (path, text, what) => {
    expect(lawsBrokenBy(path, text)).toContain(what);
  });

  it.each([
    ['const now = Date.now();', 'Date.now()'],
    ['const now = new Date();', 'new Date() without an argument'],
    ['const now = new Date;', 'new Date() without an argument'],
    ['const now = Date();', 'Date() as a function'],
    ['const home = process.env.HOME;', 'process'],
    ['setTimeout(() => {}, 5);', 'timers'],
    ['const x = Math.random();', 'Math.random()'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the template stands in the text that is judged
    ['const text = `${Date.now()} ms`;', 'Date.now()'],
    ["const half = a / b; const now = Date.now(); const s = '/';", 'Date.now()'],
    ['const page = await fetch(url);', 'the global fetch()'],
  ])('refuses in core: %s', (text, what) => {
    expect(lawsBrokenBy('core/lake/a.ts', text)).toEqual([what]);
  });

  it.each([
    "import * as z from 'zod';",
    "import { createHash } from 'node:crypto';",
    "import { x } from '../ports/clock.ts';",
    '// new Date() is not for us, nor process.env',
    "/* import { x } from 'node:fs' */",
    "const advice = 'never call Date.now()';",
    "const text = `import x from 'node:fs'`;",
    'const pattern = /process.env/;',
    'const at = new Date(ms);',
    'const answer = await this.fetcher.fetch({ url });',
    'interface Fetcher { fetch(request: FetchRequest): Promise<FetchResult>; }',
    'const subprocess = { process: 1, console: 2 };',
  ])('lets core say: %s', (text) => {
    expect(lawsBrokenBy('core/lake/a.ts', text)).toEqual([]);
  });

  it('lets runtime and tests put adapters together', () => {
    const text = "import { x } from '../adapters/local/b.ts';";
    expect([...lawsBrokenBy('runtime/a.ts', text), ...lawsBrokenBy('test/a.ts', text)]).toEqual([]);
  });
});

describe('advice', () => {
  /** A command that a person is told to give, in a string. */
  const COMMAND =
    /\brescrape (?:run|demo|completeness|why|partitions|failures|retry|worker|dead-letters|enrich|entities|parked|reparse|attempts|blocks|skip|reset|query|views|config)\b/;
  /** Help says what commands there are; the lake, below advice, tells of damage without its source's name. */
  const TOLD_ELSEWHERE = new Set([
    'cli/commands.ts',
    'cli/query.ts',
    'core/completeness/completeness-view.ts',
    'core/lake/damage.ts',
    'core/lake/manifest.ts',
  ]);

  it('is given in core/advice only: nobody else writes a command into a sentence', () => {
    const told = house
      .filter(({ path }) => /^(?:core|cli|runtime|lambdas)\//.test(path) && !path.startsWith('core/advice/'))
      .filter(({ text }) =>
        text.split('\n').some((line) => COMMAND.test(line) && !/^\s*(?:\*|\/\*|\/\/)/.test(line)),
      )
      .map(({ path }) => path);
    expect(told.toSorted()).toEqual([...TOLD_ELSEWHERE].toSorted());
  });
});

describe('a comment', () => {
  it('has lines of 110 columns at most, as the code has, rows of tables too', () => {
    const wide = house.flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, at) =>
          line.length > 110 && /^ *(\*|\/\*\*|\/\/)/.test(line) ? [`${path}:${at + 1}`] : [],
        ),
    );
    expect(wide).toEqual([]);
  });
});
