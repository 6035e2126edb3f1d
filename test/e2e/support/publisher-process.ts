import { playProcess } from './played-process.ts';

/** What a publisher does: so many editions of these notes, each note with so many lines. */
export interface PublisherTask {
  readonly directory: string;
  readonly notes: readonly ('x' | 'y')[];
  readonly editions: number;
  readonly lines: number;
}

/** Starts another process on the same lake; gives the number of its commits once it has ended. */
export async function startPublisher(task: PublisherTask): Promise<number> {
  const commits = await playProcess<number>(new URL('./publisher-main.ts', import.meta.url), task);
  if (commits === 'killed') throw new Error('the publisher was killed');
  return commits;
}
