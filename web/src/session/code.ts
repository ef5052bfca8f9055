// Codes of a second factor, as people type them.

/** Six digits of an authenticator, or sixteen letters of a recovery code in groups; for `pattern`. */
export const CODE_PATTERN = '\\s*(?:[0-9]\\s?){6}|\\s*(?:[A-Za-z2-7]{4}[\\-\\s]?){4}\\s*';

/** Returns a code as the API reads it: apps show the digits in groups, with spaces between. */
export function plainCode(typed: string): string {
  return typed.replace(/\s/g, '');
}
