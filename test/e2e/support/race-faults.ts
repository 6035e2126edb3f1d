import { flagged } from '../../../core/targets/flags.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import type { Fault, FaultPlan, FaultRule } from '../../../demo/faults.ts';
import { NO_FAULTS } from '../../../demo/faults.ts';
import { currentRows, type ReadRow } from './lake-reading.ts';
import { Session, type SessionOptions } from './session.ts';
import { DAY } from './small-site.ts';

/** What happens to the nth race of Great Britain on `DAY`; to every request, or to the first so many. */
export function rule(race: number, fault: Fault, times?: number): FaultRule {
  return { where: { country: 'gb', date: DAY, race }, fault, ...(times !== undefined && { times }) };
}

export function faults(...rules: FaultRule[]): FaultPlan {
  return { ...NO_FAULTS, rules };
}

export function status(code: number, retryAfterSeconds?: number): Fault {
  return { kind: 'status', status: code, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
}

export function sessionWith(plan: FaultPlan, options: SessionOptions = {}): Promise<Session> {
  return Session.start({ ...options, site: { faults: plan, ...options.site } });
}

/** A session in which one run over Great Britain has met this. */
export async function sessionAfterRun(plan: FaultPlan): Promise<Session> {
  const session = await sessionWith(plan);
  await session.run({ targets: ['gb'] });
  return session;
}

/** Flags a target as a person does. */
export async function flag(
  { clock, platform }: Session,
  target: string,
  reason: string,
  minutes?: number,
): Promise<void> {
  const flag = { reason, actor: 'somebody', at: clock.now(), ...(minutes !== undefined && { minutes }) };
  await new TargetStore(platform.state).update('racing', target, (record) => flagged(record, flag), flag);
}

/** Id of the nth race. */
export function raceId({ site }: Pick<Session, 'site'>, nth: number): string {
  return site.truth('gb', DAY).at(nth)!.raceId;
}

/** The current rows of the nth race. */
export async function rowsOfRace(session: Session, nth: number): Promise<ReadRow[]> {
  const rows = (await currentRows(session.directory)).get(`country=gb/date=${DAY}`) ?? [];
  return rows.filter(({ race_id }) => race_id === raceId(session, nth));
}

/** The attempts at the nth race. */
export function ofRace(session: Session, rows: readonly ReadRow[], nth: number): ReadRow[] {
  return rows.filter((row) => row.item_id === raceId(session, nth));
}

/** Requests for each of these races, as the site saw them. */
export function asked(session: Pick<Session, 'site'>, ...races: number[]): number[] {
  const ids = races.map((nth) => raceId(session, nth));
  return ids.map((id) => session.site.requests.filter(({ path }) => path.endsWith(`/${id}`)).length);
}
