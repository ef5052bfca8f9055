// The catalogue of metrics and dimensions, and how their values look.

import { useSuspenseQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, body } from '../api/client';
import type { components } from '../api/schema';
import { formatValue, type Look, type MetricValue, type Unit } from '../format/values';
import { text } from '../text/en';
import { locale, useTenant } from './me';

export type Metric = components['schemas']['MetricDefinition'];
export type Dimension = components['schemas']['DimensionDefinition'];

/** Ratios that are multiples and not shares. */
const FACTORS = new Set(['roas', 'frequency']);

export function metricLabel(name: string): string {
  return text.metrics[name] ?? readable(name);
}

export function dimensionLabel(name: string): string {
  return text.dimensions[name] ?? readable(name);
}

export function eventLabel(name: string): string {
  return text.events[name] ?? name;
}

/** Returns the name of a dimension's value. */
export function valueLabel(
  dimension: string,
  value: string,
  campaigns?: ReadonlyMap<string, string>,
): string {
  if (value === '') return dimension === 'campaign' ? text.campaigns.without : text.values.empty;
  if (dimension === 'campaign') return campaigns?.get(value) ?? value;
  if (dimension === 'day_of_week') return text.values.days[Number(value) - 1] ?? value;
  if (dimension === 'hour_of_day') return `${value}:00`;
  if (dimension === 'event_type') return eventLabel(value);
  return value;
}

function readable(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const FOR_LONG = 5 * 60_000;

export function useMetrics(): ReadonlyMap<string, Metric> {
  const { data } = useSuspenseQuery({
    queryKey: ['metrics'],
    queryFn: () => body(api.GET('/v1/metrics')),
    staleTime: FOR_LONG,
  });
  return useMemo(() => new Map(data.data.map((metric) => [metric.name, metric])), [data]);
}

export function useDimensions(): ReadonlyMap<string, Dimension> {
  const { data } = useSuspenseQuery({
    queryKey: ['dimensions'],
    queryFn: () => body(api.GET('/v1/dimensions')),
    staleTime: FOR_LONG,
  });
  return useMemo(() => new Map(data.data.map((dimension) => [dimension.name, dimension])), [data]);
}

export interface Shown {
  text: string;
  /** Why there is no number. */
  reason?: string;
}

/** Returns a function that shows values of metrics, in the tenant's currency. */
export function useShow(): (metric: string, value: MetricValue, compact?: boolean) => Shown {
  const metrics = useMetrics();
  const { currency } = useTenant();
  return useMemo(
    () =>
      (metric, value, compact = false) => {
        const definition = metrics.get(metric);
        const look: Look = {
          unit: (definition?.unit ?? 'count') as Unit,
          currency,
          factor: FACTORS.has(metric),
          compact,
          locale,
        };
        const shown = formatValue(value, look);
        if (value !== null) return { text: shown };
        const [, below] = (definition?.formula ?? '').split('/');
        return {
          text: shown,
          reason: below ? text.values.noBase(metricLabel(below.trim()).toLowerCase()) : text.values.undefined,
        };
      },
    [metrics, currency],
  );
}
