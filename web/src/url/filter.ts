// Filters of a report. In the URL a filter is `f=device:in:mobile,desktop`; commas, colons and `~` inside of
// values are written as `~1`, `~2` and `~0`. On screen each is a chip.

import type { components } from '../api/schema';

export type FilterBody = components['schemas']['FilterBody'];
export type DimensionName = components['schemas']['DimensionName'];
export type MetricName = components['schemas']['MetricName'];

export const TEXT_TESTS = ['in', 'not_in', 'contains', 'starts_with'] as const;
export const NUMBER_TESTS = ['gt', 'gte', 'lt', 'lte'] as const;

export type TextTest = (typeof TEXT_TESTS)[number];
export type NumberTest = (typeof NUMBER_TESTS)[number];

export type Filter =
  | { dimension: string; test: TextTest; values: string[] }
  | { metric: string; test: NumberTest; bound: number };

const escapeText = (value: string) => value.replace(/~/g, '~0').replace(/,/g, '~1').replace(/:/g, '~2');
const plainText = (value: string) => value.replace(/~2/g, ':').replace(/~1/g, ',').replace(/~0/g, '~');
const NAME = /^[a-z_]+$/;

export function readFilter(text: string): Filter | undefined {
  const [name = '', test = '', rest] = text.split(':');
  if (!NAME.test(name) || rest === undefined) return undefined;
  const textTest = TEXT_TESTS.find((known) => known === test);
  if (textTest) return { dimension: name, test: textTest, values: rest.split(',').map(plainText) };
  const numberTest = NUMBER_TESTS.find((known) => known === test);
  const bound = Number(rest);
  if (numberTest && rest !== '' && Number.isFinite(bound)) return { metric: name, test: numberTest, bound };
  return undefined;
}

export function writeFilter(filter: Filter): string {
  return 'dimension' in filter
    ? `${filter.dimension}:${filter.test}:${filter.values.map(escapeText).join(',')}`
    : `${filter.metric}:${filter.test}:${filter.bound}`;
}

/** Returns the condition of a request: all filters at once; `undefined` if there are none. */
export function conditionOf(filters: readonly Filter[]): FilterBody | undefined {
  const tests = filters.map(testOf);
  return tests.length > 1 ? { and: tests } : tests[0];
}

function testOf(filter: Filter): FilterBody {
  if ('metric' in filter) return { metric: filter.metric as MetricName, [filter.test]: filter.bound };
  return { dimension: filter.dimension as DimensionName, [filter.test]: filter.values };
}

/** Returns the filters that leave one segment: of each of its dimensions, its value alone. */
export function narrowed(
  filters: readonly Filter[],
  segment: readonly (readonly [dimension: string, value: string])[],
): Filter[] {
  const named = new Set(segment.map(([dimension]) => dimension));
  const others = filters.filter(
    (filter) => 'metric' in filter || filter.test !== 'in' || !named.has(filter.dimension),
  );
  return [
    ...others,
    ...segment.map(([dimension, value]): Filter => ({ dimension, test: 'in', values: [value] })),
  ];
}

/** Returns the filters with one value more, or without it if it was chosen before. */
export function toggled(filters: readonly Filter[], dimension: string, value: string): Filter[] {
  const place = filters.findIndex(
    (filter) => 'dimension' in filter && filter.dimension === dimension && filter.test === 'in',
  );
  const found = filters[place];
  if (!found || !('dimension' in found)) return [...filters, { dimension, test: 'in', values: [value] }];
  const values = found.values.includes(value)
    ? found.values.filter((other) => other !== value)
    : [...found.values, value];
  const rest = filters.filter((_, index) => index !== place);
  return values.length > 0 ? [...rest, { ...found, values }] : rest;
}
