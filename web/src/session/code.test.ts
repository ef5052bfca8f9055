import { expect, test } from 'vitest';
import { CODE_PATTERN, plainCode } from './code';

// Browsers compile `pattern` with this flag, and demand that all of the text matches.
const pattern = new RegExp(`^(?:${CODE_PATTERN})$`, 'v');

test('a code has six digits, or is a recovery code', () => {
  for (const code of [
    '123456',
    '123 456',
    'abcd-efgh-2345-mnop',
    'ABCDEFGH2345MNOP',
    'abcd efgh 2345 mnop ',
  ]) {
    expect(code).toMatch(pattern);
  }
  for (const code of ['', '12345', '1234567', 'abcd-efgh-2345', 'abcd-efgh-2345-mno1']) {
    expect(code).not.toMatch(pattern);
  }
});

test('spaces are not part of a code', () => {
  expect(plainCode(' 123 456 ')).toBe('123456');
});
