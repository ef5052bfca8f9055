import { afterEach, expect, test, vi } from 'vitest';
import { readLink, writeLink } from './links';

afterEach(() => vi.unstubAllGlobals());

test('a link is read as it was written, and its token is sent to no server', () => {
  vi.stubGlobal('location', { origin: 'https://footfall.example' });
  for (const tenant of ['northwind', '']) {
    const link = new URL(writeLink('reset', { token: 'ffi_a-b_c', tenant }));
    expect(readLink(link)).toEqual({ token: 'ffi_a-b_c', tenant });
    expect(link.pathname + link.search).not.toContain('ffi_');
  }
});

test('a link that was cut has no token', () => {
  expect(readLink({ hash: '', search: '' })).toEqual({ token: '', tenant: '' });
  expect(readLink({ hash: '#%E0%A4', search: '?tenant=a' }).tenant).toBe('a');
});
