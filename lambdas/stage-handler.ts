import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import { type PipelineEvent, type Platform, StageError } from '../core/platform.ts';
import { asStageError } from '../runtime/aws-error.ts';
import { refuseUnusableSettings } from '../runtime/settings.ts';
import { SOURCE_NAMES } from '../sources/list.ts';
import type { FunctionName } from './contracts.ts';
import { type LogKeys, Observer } from './observe.ts';

/** One stage as a function of Lambda: what it takes, and what it does with it. */
export interface Stage<Event> {
  readonly name: FunctionName;
  /** Throws what `parseEvent` throws for an event that does not fit. */
  parse(event: unknown): Event;
  keys(event: Event): LogKeys;
  run(platform: Platform, event: Event, context: Context, observer: Observer): Promise<unknown>;
}

/** Opens the platform of a function, once per container. */
export type OpenPlatform = (onEvent: (event: PipelineEvent) => void) => Promise<Platform>;

/**
 * The handler of a stage. What is thrown has the name that the state machine matches: the stage's own,
 * `Transient` for trouble of AWS that passes, `BadInput` for an event that does not fit. It is logged here,
 * once.
 */
export function handlerOf<Event>(
  stage: Stage<Event>,
  open: OpenPlatform,
): (event: unknown, context: Context) => Promise<unknown> {
  const observer = new Observer(stage.name);
  refuseUnusableSettings(SOURCE_NAMES, process.env);
  const opened = open(observer.onEvent);
  // Whoever calls the handler is told: before that it would end the process.
  opened.catch(() => {});
  return async (event, context) => {
    observer.begin(context, {});
    try {
      const parsed = stage.parse(event);
      observer.begin(context, stage.keys(parsed));
      return await stage.run(await opened, parsed, context, observer);
    } catch (thrown) {
      const error = asStageError(thrown);
      // What the state machine waits for and tries again is no alarm yet.
      if (error instanceof StageError && error.name !== 'BadInput')
        observer.logger.warn(error.message, error);
      else observer.logger.error(error instanceof Error ? error.message : String(error), { error });
      throw error;
    } finally {
      observer.end();
    }
  };
}

/** Throws a StageError `BadInput` with the path of everything that does not fit. */
export function parseEvent<Schema extends z.ZodType>(schema: Schema, event: unknown): z.infer<Schema> {
  const result = schema.safeParse(event);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'event'}: ${message}`);
  throw new StageError('BadInput', `the event does not fit: ${problems.join('; ')}`);
}

/**
 * Milliseconds before the deadline at which no new page is begun: the longest page (60 s, `limits.totalMs`)
 * that is under way then, and the finalizing of what there is.
 */
const RESERVE_MS = 80_000;

type RemainingTime = Pick<Context, 'getRemainingTimeInMillis'>;

/**
 * Milliseconds in which something may still be begun, negative when it is too late. `reserveMs`: what the
 * longest piece takes, and the end of the work after it.
 */
export function timeLeft(context: RemainingTime, reserveMs = RESERVE_MS): () => number {
  return () => context.getRemainingTimeInMillis() - reserveMs;
}

/** Asked before each piece of work: is there too little time left for another one? */
export function outOfTime(context: RemainingTime, reserveMs?: number): () => boolean {
  const left = timeLeft(context, reserveMs);
  return () => left() < 0;
}
