import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../lib/deployment.ts';
import { EXTRACTIONS } from '../../sources/extractions.ts';
import { CHOSEN, nameOf, Synthesized } from './synthesized.ts';

const OTHERS = ['publish-entities', ...EXTRACTIONS.map(({ name }) => `extract-${name}`)];
/** They tell of silence: where nothing starts by itself it would never end. */
const OF_SILENCE = /(?:^|-)(?:no-run|nothing-crawled|entities-not-published|extraction-stopped)$/;
const ALL = ['racing', 'schedules', 'menus', 'tutoring'];

/** What starts by itself, which silence raises an alarm, and what whoever deploys is told. */
function deployed(deployment: Deployment) {
  const made = new Synthesized(deployment);
  const prefix = `rescrape-${deployment.stage}-`;
  const schedules = made.all('AWS::Scheduler::Schedule').map(({ Properties }) => Properties);
  return {
    every: schedules.map(({ Name }) => Name.slice(prefix.length)).toSorted(),
    on: schedules.flatMap(({ Name, State }) => (State === 'ENABLED' ? Name.slice(prefix.length) : [])),
    silence: made
      .all('AWS::CloudWatch::Alarm')
      .map((alarm) => nameOf(alarm).slice(prefix.length))
      .filter((name) => OF_SILENCE.test(name)),
    notes: made.stacks.pipeline.notes,
  };
}

const NOTHING_STARTS = 'nothing starts by itself in dev, because no schedule is on (-c schedules=on)';
const NOWHERE =
  'not scraped, because nobody chose where: racing (-c RESCRAPE_RACING_URL=ADDRESS), ' +
  'menus (-c RESCRAPE_MENUS_URL=ADDRESS), tutoring (-c RESCRAPE_TUTORING_URL=ADDRESS)';

describe('the schedules', () => {
  it('are off in dev, all of them, and no silence is an alarm there', () => {
    const { every, on, silence, notes } = deployed({ stage: 'dev', sourceOverrides: CHOSEN });
    expect(every).toEqual([...ALL, ...OTHERS].toSorted());
    expect(on).toEqual([]);
    expect(silence).toEqual([]);
    expect(notes).toEqual([NOTHING_STARTS]);
  });

  it('are on in dev where somebody asks for them, and off in prod likewise', () => {
    const dev = deployed({ stage: 'dev', schedules: true, sourceOverrides: CHOSEN });
    expect(dev.on.toSorted()).toEqual([...ALL, ...OTHERS].toSorted());
    expect(dev.silence).toHaveLength(ALL.length + 2 + OTHERS.length);
    expect(dev.notes).toEqual([]);
    const prod = deployed({ stage: 'prod', schedules: false, sourceOverrides: CHOSEN });
    expect([prod.on, prod.silence]).toEqual([[], []]);
  });

  it('are on in prod for the sources whose address somebody chose, and for those whose targets have their own', () => {
    expect(deployed({ stage: 'prod', sourceOverrides: CHOSEN }).on.toSorted()).toEqual(
      [...ALL, ...OTHERS].toSorted(),
    );
    const { on, silence, notes } = deployed({ stage: 'prod' });
    expect(on.toSorted()).toEqual(['schedules', ...OTHERS].toSorted());
    expect(silence.filter((name) => /^(?:racing|menus|tutoring)-/.test(name))).toEqual([]);
    expect(silence).toContain('schedules-no-run');
    expect(notes).toEqual([NOWHERE]);
  });

  it.each(['https://racing.example/', 'http://www.example.com/races', ''])(
    'are off where the address is an example: %j',
    (url) => {
      const sourceOverrides = { ...CHOSEN, RESCRAPE_RACING_URL: url };
      const { on, notes } = deployed({ stage: 'prod', sourceOverrides });
      expect(on).not.toContain('racing');
      expect(on).toContain('menus');
      expect(notes).toEqual([
        'not scraped, because nobody chose where: racing (-c RESCRAPE_RACING_URL=ADDRESS)',
      ]);
    },
  );
});
