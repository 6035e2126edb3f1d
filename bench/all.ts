import { measureCompleteness } from './completeness.ts';
import { measureMemory } from './memory.ts';
import { measureOtherPages } from './other-pages.ts';
import { measureOverwriting } from './overwrite.ts';
import { measurePages } from './pages.ts';
import { measureUnchanged } from './unchanged.ts';

/** `npm run bench`: what a change of speed is judged by, one after the other. */
const held = [await measurePages(), await measureUnchanged()];
await measureOtherPages();
held.push(await measureMemory(), await measureOverwriting(), await measureCompleteness());
if (held.includes(false)) process.exitCode = 1;
