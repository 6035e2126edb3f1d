import { describe, expect, it } from 'vitest';
import { isOfSite } from '../../../core/source/site.ts';

describe('one site', () => {
  it.each([
    ['https://www.larkmead.org/', 'http://es.larkmead.org/x'],
    ['https://larkmead.k12.ca.us/', 'https://hs.larkmead.k12.ca.us/'],
    ['http://oak.localhost:8080/', 'http://es.oak.localhost:8080/'],
    ['http://127.0.0.1:8080/a', 'http://127.0.0.1:8080/b'],
  ])('holds %s and %s', (one, other) =>
    expect([isOfSite(one, other), isOfSite(other, one)]).toEqual([true, true]),
  );

  it.each([
    ['https://larkmead.k12.ca.us/', 'https://tamber.k12.ca.us/'],
    ['https://larkmead.org/', 'https://larkmead.com/'],
    ['https://larkmead.github.io/', 'https://tamber.github.io/'],
    ['http://oak.localhost:8080/', 'http://elm.localhost:8080/'],
    ['http://oak.localhost:8080/', 'http://oak.localhost:8081/'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.2:8080/'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:9/'],
    ['https://larkmead.org/', 'nowhere'],
  ])('does not hold %s and %s', (one, other) =>
    expect([isOfSite(one, other), isOfSite(other, one)]).toEqual([false, false]),
  );
});
