// What the console checks of a mended event before it is sent: whether it is an event at all, whether it changed,
// and whether the field that was missing is there. Everything else the collector checks.

export type Checked =
  | { state: 'unchanged' | 'valid'; event: Record<string, unknown> }
  | { state: 'still_missing'; event: Record<string, unknown> }
  | { state: 'invalid'; reason: string }
  | { state: 'not_object' };

/** Checks the text of a mended event. `pointer` is where the original was wrong (RFC 6901). */
export function checkMended(mended: string, original: string, pointer: string, code: string): Checked {
  let parsed: unknown;
  try {
    parsed = JSON.parse(mended);
  } catch (error) {
    return { state: 'invalid', reason: error instanceof Error ? error.message : '' };
  }
  if (!isObject(parsed)) return { state: 'not_object' };
  if (same(parsed, original)) return { state: 'unchanged', event: parsed };
  if (code === 'missing_field' && valueAt(parsed, pointer) === undefined) {
    return { state: 'still_missing', event: parsed };
  }
  return { state: 'valid', event: parsed };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function same(parsed: unknown, original: string): boolean {
  try {
    return JSON.stringify(parsed) === JSON.stringify(JSON.parse(original));
  } catch {
    return false;
  }
}

/** Returns the value at a JSON pointer; `undefined` if there is none. */
export function valueAt(value: unknown, pointer: string): unknown {
  if (pointer === '') return value;
  let at: unknown = value;
  for (const part of pointer.slice(1).split('/')) {
    const key = part.replace(/~1/g, '/').replace(/~0/g, '~');
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

/** Returns the text with which mending begins: the original, laid out, if it is JSON. */
export function laidOut(original: string): string {
  try {
    return JSON.stringify(JSON.parse(original), null, 2);
  } catch {
    return original;
  }
}
