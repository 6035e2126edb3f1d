import { describe, expect, it } from 'vitest';
import { normalizeDistrict } from '../../../sources/schedules/district.ts';
import { schedules } from '../../../sources/schedules/source.ts';

const RAW = {
  district_id: '0699001',
  name: 'LARKMEAD  UNIFIED',
  state: 'CA',
  tier: 'tier1',
  enrollment: '419929.0',
  url: 'http://www.larkmead.example/home',
};

function of(changes: Partial<typeof RAW>) {
  return normalizeDistrict({ ...RAW, ...changes });
}

describe('a district of a file', () => {
  it('is a target of the source', () => {
    const target = of({});
    expect(target).toEqual({
      id: '0699001',
      attributes: {
        name: 'LARKMEAD UNIFIED',
        state: 'CA',
        tier: 'tier1',
        enrollment: 419929,
        url: 'http://www.larkmead.example/home',
      },
    });
    const { attributes } = target as Exclude<typeof target, string>;
    expect(schedules.register!.attributes.strict().safeParse(attributes).success).toBe(true);
  });

  it('has an id of 7 digits: one of 6 lost its zero', () => {
    expect(of({ district_id: '699001' })).toMatchObject({ id: '0699001' });
    for (const id of ['', '69900', '06990011', '0699O01', '699001.0', '-699001'])
      expect(of({ district_id: id })).toMatch(/^district_id .* has not 7 digits$/);
  });

  it.each([
    ['BI', '5900001'],
    ['PR', '7200030'],
    ['VI', '7800001'],
    ['GU', '6600040'],
    ['AS', '6000030'],
    ['MP', '6900030'],
    ['DC', '1100030'],
    ['DD', '6300001'],
    ['ny', '3600076'],
  ])('of %s has the id %s', (state, id) => {
    expect(of({ state, district_id: id })).toMatchObject({ id, attributes: { state: state.toUpperCase() } });
  });

  it('has an id of its state, and a state that there is', () => {
    expect(of({ district_id: '3600076' })).toBe('district_id 3600076 is not of CA: ids there begin with 06');
    for (const state of ['', 'ZZ', 'toString', 'California'])
      expect(of({ state })).toMatch(/^state .* is none$/);
  });

  it.each(['', '†', 'N', 'M', 'NA', 'n/a', '-', ' – '])(
    'has no website where %j is printed, and waits',
    (url) => {
      const target = of({ url });
      expect(target).toMatchObject({ attributes: { url: '' } });
      expect(schedules.register!.ready!(target as Exclude<typeof target, string>)).not.toBe(true);
    },
  );

  it.each([
    ['www.larkmead.example', 'http://www.larkmead.example/'],
    ['HTTP://WWW.Larkmead.example/Domain/4', 'http://www.larkmead.example/Domain/4'],
    ['http://www.larkmead.example www.other.example', 'http://www.larkmead.example/'],
    ['see www.larkmead.example', 'http://www.larkmead.example/'],
    ['larkmead.localhost:8080/x', 'http://larkmead.localhost:8080/x'],
  ])('has the website %j at %s', (url, href) =>
    expect(of({ url })).toMatchObject({ attributes: { url: href } }),
  );

  it.each(['not yet', 'ftp://larkmead.example', 'javascript:alert(1)', 'http://user:pw@larkmead.example'])(
    'is refused with the address %j',
    (url) => expect(of({ url })).toMatch(/is no web address$/),
  );

  it('has a tier and a number of pupils, or none', () => {
    expect(of({ tier: 'Tier 2', enrollment: '1,204' })).toMatchObject({
      attributes: { tier: 'tier2', enrollment: 1204 },
    });
    expect(of({ tier: '', enrollment: '†' })).toMatchObject({ attributes: { tier: '', enrollment: 0 } });
    expect(of({ tier: 'tier4' })).toMatch(/^tier /);
    expect(of({ enrollment: '-5' })).toMatch(/^enrollment /);
    expect(of({ name: ' ' })).toBe('name is empty');
  });
});
