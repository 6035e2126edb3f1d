import { expect, it } from 'vitest';
import { parameterOf, plainValue, typeOf } from '../../../adapters/aws/athena-value.ts';

it.each([
  [0, '0'],
  [-17, '-17'],
  [4.4, '4.4E0'],
  [1e-7, '1E-7'],
  [1e300, '1E+300'],
  [9007199254740993n, '9007199254740993'],
  [true, 'true'],
  [null, 'NULL'],
  ['', "''"],
  ["O'Brien's", "'O''Brien''s'"],
  ['a\\', "'a\\'"],
])('a value for Athena, %s, is written as %s', (value, literal) => {
  expect(parameterOf(value)).toBe(literal);
});

it.each([
  ['boolean', 'true', true],
  ['integer', '-5', -5],
  ['bigint', '9007199254740993', '9007199254740993'],
  ['double', '1.5E300', 1.5e300],
  ['double', 'NaN', 'NaN'],
  ['float', '0.5', 0.5],
  ['date', '2026-11-17', '2026-11-17'],
  ['timestamp', '2026-11-17 10:00:00.5', '2026-11-17T10:00:00.500Z'],
  ['timestamp', '2026-11-17 10:00:00.123456', '2026-11-17T10:00:00.123456Z'],
  ['timestamp with time zone', '2026-11-17 10:00:00.000 UTC', '2026-11-17T10:00:00.000Z'],
  ['timestamp with time zone', '2026-11-17 10:00:00.250 +01:00', '2026-11-17T09:00:00.250Z'],
  ['timestamp with time zone', '2026-11-17 10:00:00.0 Europe/London', '2026-11-17 10:00:00.0 Europe/London'],
  ['array', '[1, 2]', '[1, 2]'],
  ['varchar', '', ''],
  ['bigint', undefined, null],
])('a cell of Athena of type %s, %j, is %j', (Type, text, value) => {
  expect(plainValue(text, { Name: 'x', Type })).toEqual(value);
});

it('a decimal is a number where a number keeps all its digits, else text', () => {
  const decimal = (Precision: number) => ({ Name: 'd', Type: 'decimal', Precision, Scale: 2 });
  expect(plainValue('1.50', decimal(15))).toBe(1.5);
  expect(plainValue('12345678901234567890.12', decimal(38))).toBe('12345678901234567890.12');
  expect(typeOf(decimal(10))).toBe('DECIMAL(10,2)');
});
