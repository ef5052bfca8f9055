// One typed codec between the query string and the state of a screen. Everything that changes numbers is in
// the URL, so back, refresh and a shared link give the same screen. Defaults are left out.

/** How one field is read and written. `undefined` means that the text is not one of its values. */
export interface Field<T> {
  fallback: T;
  read: (texts: string[]) => T | undefined;
  write: (value: T) => string[];
}

export type Fields<T> = { [K in keyof T]: Field<T[K]> };

export function text(fallback = ''): Field<string> {
  return { fallback, read: ([first]) => first, write: (value) => [value] };
}

export function oneOf<const T extends string>(values: readonly T[], fallback: NoInfer<T>): Field<T> {
  return {
    fallback,
    read: ([first]) => values.find((value) => value === first),
    write: (value) => [value],
  };
}

export function flag(fallback = false): Field<boolean> {
  return {
    fallback,
    read: ([first]) => (first === '1' ? true : first === '0' ? false : undefined),
    write: (value) => [value ? '1' : '0'],
  };
}

export function whole(fallback: number, least: number, most: number): Field<number> {
  return {
    fallback,
    read: ([first]) => {
      const value = Number(first);
      return Number.isInteger(value) && value >= least && value <= most ? value : undefined;
    },
    write: (value) => [String(value)],
  };
}

/** Names without commas, in one parameter: `metrics=sales,roas`. */
export function names(fallback: string[]): Field<string[]> {
  return {
    fallback,
    read: ([first]) => (first === undefined ? undefined : first.split(',').filter((name) => name !== '')),
    write: (value) => [value.join(',')],
  };
}

/** A parameter that may occur again, once for each entry. */
export function each<T>(read: (text: string) => T | undefined, write: (value: T) => string): Field<T[]> {
  return {
    fallback: [],
    read: (texts) => texts.map(read).filter((value): value is T => value !== undefined),
    write: (values) => values.map(write),
  };
}

/** A field that `read` and `write` convert. */
export function parsed<T>(
  fallback: T,
  read: (text: string) => T | undefined,
  write: (value: T) => string,
): Field<T> {
  return {
    fallback,
    read: ([first]) => (first === undefined ? undefined : read(first)),
    write: (value) => [write(value)],
  };
}

/** Reads a query string. What cannot be read has its default: a link never breaks a screen. */
export function readState<T extends object>(fields: Fields<T>, search: string): T {
  const parameters = new URLSearchParams(search);
  const state = {} as T;
  for (const key of Object.keys(fields) as (keyof T & string)[]) {
    const field = fields[key];
    const texts = parameters.getAll(key);
    const value = texts.length > 0 ? field.read(texts) : undefined;
    state[key] = value === undefined ? field.fallback : value;
  }
  return state;
}

/** Writes a query string, in the order of the fields, so that equal states are equal links. */
export function writeState<T extends object>(fields: Fields<T>, state: T): string {
  const parts: string[] = [];
  for (const key of Object.keys(fields) as (keyof T & string)[]) {
    const field = fields[key];
    const texts = field.write(state[key]);
    if (same(texts, field.write(field.fallback))) continue;
    for (const value of texts) parts.push(`${key}=${encode(value)}`);
  }
  return parts.join('&');
}

function same(one: string[], other: string[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}

/** Encodes a value, and leaves readable what a query string may contain. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(/%(2C|3A|2F|7E)/g, (found) => decodeURIComponent(found));
}
