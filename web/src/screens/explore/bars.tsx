import { type FormEvent, useState } from 'react';
import { dimensionLabel, metricLabel, useDimensions, useMetrics, valueLabel } from '../../data/catalogue';
import { useCampaignNames } from '../../data/lists';
import { locale } from '../../data/me';
import { numberFormat } from '../../format/values';
import { text } from '../../text/en';
import {
  Button,
  Check,
  classes,
  controls,
  Field,
  Popover,
  panelClass,
  Select,
  TextInput,
} from '../../ui/controls';
import { type Filter, NUMBER_TESTS, type NumberTest, TEXT_TESTS, type TextTest } from '../../url/filter';
import type { Report } from '../../url/report';
import css from './explore.module.css';

interface BarProps {
  report: Report;
  onChange: (change: Partial<Report>) => void;
}

const MOST_METRICS = 12;
const MOST_DIMENSIONS = 4;

/** Returns the metrics that can be asked with all of these dimensions. */
function useAllowed(by: readonly string[]): (metric: string) => boolean {
  const dimensions = useDimensions();
  const lists = by.map((name) => new Set(dimensions.get(name)?.metrics));
  return (metric) => lists.every((list) => list.has(metric));
}

export function MetricBar({ report, onChange }: BarProps) {
  const metrics = useMetrics();
  const allowed = useAllowed(report.by);
  const toggle = (name: string, on: boolean) => {
    const next = on ? [...report.metrics, name] : report.metrics.filter((other) => other !== name);
    if (next.length > 0) onChange({ metrics: next });
  };
  const wrong = report.metrics.filter((name) => !allowed(name));
  return (
    <div className={css.line}>
      <span className={css.name}>{text.explore.metrics}</span>
      <Chips
        names={report.metrics}
        label={metricLabel}
        onRemove={report.metrics.length > 1 ? (name) => toggle(name, false) : undefined}
      />
      <Popover small label={text.explore.chooseMetrics}>
        {() => (
          <div className={css.list}>
            {[...metrics.values()].map(({ name, formula }) => (
              <Check
                key={name}
                checked={report.metrics.includes(name)}
                disabled={
                  !report.metrics.includes(name) && (!allowed(name) || report.metrics.length >= MOST_METRICS)
                }
                onChange={(on) => toggle(name, on)}
              >
                <span title={formula}>{metricLabel(name)}</span>
              </Check>
            ))}
          </div>
        )}
      </Popover>
      {wrong.length > 0 && (
        <span className={controls.error}>{text.explore.incompatible(wrong.map(metricLabel).join(', '))}</span>
      )}
    </div>
  );
}

/** Returns a report with another division. Metrics that it excludes are dropped, unless none would be left. */
export function divided(
  { metrics }: Report,
  by: string[],
  dimensions: ReturnType<typeof useDimensions>,
): Pick<Report, 'by' | 'metrics'> {
  const lists = by.map((name) => new Set<string>(dimensions.get(name)?.metrics));
  const left = metrics.filter((metric) => lists.every((list) => list.has(metric)));
  return { by, metrics: left.length > 0 ? left : ['orders'] };
}

export function DimensionBar({ report, onChange }: BarProps) {
  const dimensions = useDimensions();
  const rest = [...dimensions.keys()].filter((name) => !report.by.includes(name));
  const choose = (by: string[]) => onChange(divided(report, by, dimensions));
  return (
    <div className={css.line}>
      <span className={css.name}>{text.explore.dimensions}</span>
      {report.by.length === 0 && <span className="soft">{text.explore.noDimension}</span>}
      <Chips
        names={report.by}
        label={dimensionLabel}
        onRemove={(name) => choose(report.by.filter((other) => other !== name))}
      />
      {report.by.length < MOST_DIMENSIONS && (
        <Popover small label={report.by.length === 0 ? text.explore.dimensions : text.explore.addDimension}>
          {(close) => (
            <div className={css.list}>
              {rest.map((name) => (
                <Button
                  key={name}
                  variant="quiet"
                  small
                  title={dimensions.get(name)?.description}
                  onClick={() => {
                    choose([...report.by, name]);
                    close();
                  }}
                >
                  {dimensionLabel(name)}
                </Button>
              ))}
            </div>
          )}
        </Popover>
      )}
    </div>
  );
}

function Chips({
  names,
  label,
  onRemove,
}: {
  names: readonly string[];
  label: (name: string) => string;
  onRemove: ((name: string) => void) | undefined;
}) {
  return (
    <ul className={controls.chips}>
      {names.map((name) => (
        <li key={name} className={controls.chip}>
          {label(name)}
          {onRemove ? (
            <button
              type="button"
              aria-label={`${text.remove}: ${label(name)}`}
              onClick={() => onRemove(name)}
            >
              ✕
            </button>
          ) : (
            '\u00a0'
          )}
        </li>
      ))}
    </ul>
  );
}

export function FilterBar({ report, onChange }: BarProps) {
  const names = useCampaignNames();
  return (
    <div className={css.line}>
      <span className={css.name}>{text.explore.filters}</span>
      <ul className={controls.chips}>
        {report.f.map((filter, index) => {
          const shown = filterLabel(filter, names);
          return (
            <li key={shown} className={controls.chip}>
              {shown}
              <button
                type="button"
                aria-label={text.explore.removeFilter(shown)}
                onClick={() => onChange({ f: report.f.filter((_, other) => other !== index) })}
              >
                ✕
              </button>
            </li>
          );
        })}
      </ul>
      <Popover small label={text.explore.addFilter}>
        {(close) => (
          <FilterForm
            onAdd={(filter) => {
              onChange({ f: [...report.f, filter] });
              close();
            }}
          />
        )}
      </Popover>
      {report.f.length > 1 && (
        <Button small variant="quiet" onClick={() => onChange({ f: [] })}>
          {text.explore.clearFilters}
        </Button>
      )}
    </div>
  );
}

export function filterLabel(filter: Filter, names: ReadonlyMap<string, string>): string {
  const test = text.explore.tests[filter.test] ?? filter.test;
  if ('metric' in filter) {
    return `${metricLabel(filter.metric)} ${test} ${numberFormat(locale, {}).format(filter.bound)}`;
  }
  const values = filter.values.map((value) => valueLabel(filter.dimension, value, names));
  return `${dimensionLabel(filter.dimension)} ${test} ${values.join(', ')}`;
}

function FilterForm({ onAdd }: { onAdd: (filter: Filter) => void }) {
  const metrics = useMetrics();
  const dimensions = useDimensions();
  const [name, setName] = useState('campaign');
  const ofDimension = dimensions.has(name);
  const tests: readonly (TextTest | NumberTest)[] = ofDimension ? TEXT_TESTS : NUMBER_TESTS;
  const [chosen, setTest] = useState<TextTest | NumberTest>('in');
  const test = tests.includes(chosen) ? chosen : (tests[0] ?? 'in');
  const [value, setValue] = useState('');
  const options = [
    ...[...dimensions.keys()].map((key) => [key, dimensionLabel(key)] as const),
    ...[...metrics.keys()].map((key) => [key, metricLabel(key)] as const),
  ];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ofDimension) {
      onAdd({
        dimension: name,
        test: test as TextTest,
        values: value.split('\n').map((line) => line.trim()),
      });
    } else {
      onAdd({ metric: name, test: test as NumberTest, bound: Number(value) });
    }
  };
  return (
    <form className={classes(controls.stack, panelClass)} onSubmit={submit}>
      <Select label={text.explore.filterBy} value={name} options={options} onChange={setName} />
      <Select
        label={text.explore.test}
        value={test}
        options={tests.map((key) => [key, text.explore.tests[key] ?? key] as const)}
        onChange={setTest}
      />
      {ofDimension ? (
        <Field label={text.explore.value} hint={text.explore.valuesHint}>
          {(attributes) => (
            <textarea
              {...attributes}
              rows={3}
              value={value}
              onChange={(event) => setValue(event.target.value)}
            />
          )}
        </Field>
      ) : (
        <TextInput
          label={text.explore.value}
          type="number"
          step="any"
          required
          value={value}
          onChange={setValue}
        />
      )}
      <Button type="submit" variant="primary">
        {text.add}
      </Button>
    </form>
  );
}
