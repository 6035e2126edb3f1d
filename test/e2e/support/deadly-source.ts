import type { Source } from '../../../core/source/source.ts';
import { racing } from '../../../sources/racing/source.ts';
import type { RunTask } from './run-process.ts';

/** The source `racing` with a parser that some pages end the whole process with. */
export function deadlySource({ items, by }: NonNullable<RunTask['fatal']>): Source {
  const meet = (id: string): void => {
    if (!items.includes(id)) return;
    if (by === 'abort') process.abort();
    const hoard: string[][] = [];
    for (;;) hoard.push(Array.from({ length: 100_000 }, (_, at) => `${id} ${at}`));
  };
  return {
    ...racing,
    discover: {
      ...racing.discover,
      parse: (...given) => {
        meet('index');
        return racing.discover.parse(...given);
      },
    },
    parse: (page, item, partition, context) => {
      meet(item.id);
      return racing.parse(page, item, partition, context);
    },
  };
}
