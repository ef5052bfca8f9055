import { expect, test } from 'vitest';
import { checkMended, laidOut, valueAt } from './mend';

const ORIGINAL = '{"type":"ad_click","cost":"0.25"}';

test('what is no JSON is reported with its reason', () => {
  expect(checkMended('{"type":', ORIGINAL, '', 'malformed').state).toBe('invalid');
  expect(checkMended('[1]', ORIGINAL, '', 'malformed').state).toBe('not_object');
});

test('another layout is no change', () => {
  expect(checkMended(laidOut(ORIGINAL), ORIGINAL, '/campaign_id', 'missing_field').state).toBe('unchanged');
});

test('a missing field must be there', () => {
  const without = '{"type":"ad_click","cost":"0.30"}';
  const mended = '{"type":"ad_click","campaign_id":"spring"}';
  expect(checkMended(without, ORIGINAL, '/campaign_id', 'missing_field').state).toBe('still_missing');
  expect(checkMended(mended, ORIGINAL, '/campaign_id', 'missing_field').state).toBe('valid');
});

test('a pointer leads through lists and escaped names', () => {
  const event = { items: [{ 'a/b': 1, 'c~d': 2 }] };
  expect(valueAt(event, '/items/0/a~1b')).toBe(1);
  expect(valueAt(event, '/items/0/c~0d')).toBe(2);
  expect(valueAt(event, '/items/1/x')).toBeUndefined();
});

test('what is no JSON is mended from what was sent', () => {
  expect(laidOut('{broken')).toBe('{broken');
});
