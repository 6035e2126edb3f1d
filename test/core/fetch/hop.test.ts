import { expect, it } from 'vitest';
import { addressPolicy } from '../../../core/fetch/hop.ts';

it('a redirect may go up to https, and never down from it', () => {
  const secure = new URL('https://a.example/');
  const plain = new URL('http://a.example/');
  expect(addressPolicy(secure, plain)).toBeUndefined();
  expect(addressPolicy(secure, secure)).toBeUndefined();
  expect(addressPolicy(plain, secure)).toEqual({
    code: 'REFUSED',
    message: 'redirect from https://a.example to http://a.example: leaves https',
  });
});
