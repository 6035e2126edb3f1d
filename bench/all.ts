import { measureCompleteness } from './completeness.ts';
import { measureMemory } from './memory.ts';
import { measurePages } from './pages.ts';

/** `npm run bench`: what is measured on every change of speed, one after the other. */
const held = [await measurePages(), await measureMemory(), await measureCompleteness()];
if (held.includes(false)) process.exitCode = 1;
