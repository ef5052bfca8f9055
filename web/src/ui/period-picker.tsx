import { useState } from 'react';
import { locale, useTenant } from '../data/me';
import { addDays, dateIn, isZone, offsetLabel, sameClock, viewerZone } from '../format/zone';
import { useNow } from '../hooks/use-now';
import { useShortcuts } from '../hooks/use-shortcuts';
import { text } from '../text/en';
import { type Dates, datesOf, PRESETS, type Range, shifted, showRange } from '../url/range';
import { COMPARISONS, type Comparison, type Period } from '../url/report';
import {
  Button,
  Check,
  classes,
  controls,
  groupClass,
  itemClass,
  Popover,
  panelClass,
  Select,
  TextInput,
} from './controls';

/** The zone that a screen counts in: that of the URL, or the tenant's own. */
export function useZone(tz: string): string {
  const { zone } = useTenant();
  return tz === '' ? zone : tz;
}

/** Returns the dates of a range, again when a day ends. */
export function useDates(range: Range, zone: string): { dates: Dates; now: number } {
  const now = useNow(60_000);
  return { dates: datesOf(range, now, zone), now };
}

interface PickerProps {
  period: Period;
  onChange: (change: Partial<Period>) => void;
  /** Whether the screen can compare. */
  comparing?: boolean;
}

/** Range, comparison and zone of a screen. */
export function PeriodPicker({ period, onChange, comparing = true }: PickerProps) {
  const zone = useZone(period.tz);
  const { dates, now } = useDates(period.range, zone);
  const today = dateIn(now, zone);
  const before = shifted(dates, -1, today);
  const after = shifted(dates, 1, today);
  let openRange = () => {};
  useShortcuts({
    t: () => openRange(),
    '[': () => before && onChange({ range: before }),
    ']': () => after && onChange({ range: after }),
    ...(comparing
      ? { x: () => onChange({ compare: period.compare === 'none' ? 'previous_period' : 'none' }) }
      : {}),
  });
  const preset = typeof period.range === 'string' ? text.range.presets[period.range] : undefined;
  const shown = preset ? `${preset} · ${showRange(dates, locale)}` : showRange(dates, locale);
  return (
    <div className={controls.row}>
      <Button aria-label={text.range.before} onClick={() => before && onChange({ range: before })}>
        ‹
      </Button>
      <Popover
        accessibleLabel={`${text.range.label}: ${shown}`}
        label={shown}
        opener={(open) => {
          openRange = open;
        }}
      >
        {(close) => (
          <RangePanel
            range={period.range}
            dates={dates}
            onChange={(range) => {
              onChange({ range });
              close();
            }}
          />
        )}
      </Popover>
      <Button
        aria-label={text.range.after}
        disabled={!after}
        onClick={() => after && onChange({ range: after })}
      >
        ›
      </Button>
      {comparing && (
        <Popover
          label={
            period.compare === 'none'
              ? text.range.compare
              : `${text.range.compare}: ${text.range.comparisons[period.compare]}`
          }
        >
          {(close) => <ComparePanel period={period} onChange={onChange} close={close} />}
        </Popover>
      )}
      <ZonePicker tz={period.tz} at={now} onChange={(tz) => onChange({ tz })} />
    </div>
  );
}

function RangePanel({
  range,
  dates,
  onChange,
}: {
  range: Range;
  dates: Dates;
  onChange: (range: Range) => void;
}) {
  return (
    <div className={panelClass}>
      <div>
        {PRESETS.map((preset) => (
          <button
            key={preset}
            type="button"
            aria-pressed={range === preset}
            className={itemClass}
            onClick={() => onChange(preset)}
          >
            {text.range.presets[preset]}
          </button>
        ))}
        {typeof range === 'string' && (
          <button
            type="button"
            className={itemClass}
            title={text.range.freezeHint}
            onClick={() => onChange({ from: dates.from, until: dates.until })}
          >
            {text.range.freeze}
          </button>
        )}
      </div>
      <p className={groupClass}>{text.range.custom}</p>
      <DatesForm
        from={dates.from}
        until={dates.until}
        onSubmit={(from, until) => onChange({ from, until })}
      />
    </div>
  );
}

function DatesForm({
  from,
  until,
  onSubmit,
}: {
  from: string;
  until: string;
  onSubmit: (from: string, until: string) => void;
}) {
  const [first, setFirst] = useState(from);
  const [last, setLast] = useState(addDays(until, -1));
  const reversed = first !== '' && last !== '' && last < first;
  return (
    <form
      className={classes(controls.stack, panelClass)}
      onSubmit={(event) => {
        event.preventDefault();
        if (!reversed) onSubmit(first, addDays(last, 1));
      }}
    >
      <TextInput label={text.range.from} type="date" required value={first} onChange={setFirst} />
      <TextInput
        label={text.range.to}
        type="date"
        required
        value={last}
        onChange={setLast}
        error={reversed ? text.range.invalid : undefined}
      />
      <Button type="submit" variant="primary">
        {text.apply}
      </Button>
    </form>
  );
}

function ComparePanel({
  period,
  onChange,
  close,
}: {
  period: Period;
  onChange: PickerProps['onChange'];
  close: () => void;
}) {
  const [from = '', until = ''] = period.with.split('..');
  const [custom, setCustom] = useState(period.compare === 'custom');
  const weekday = period.compare === 'previous_period' || period.compare === 'previous_year';
  const choose = (compare: Comparison) => {
    if (compare === 'custom') {
      setCustom(true);
      return;
    }
    // A year earlier is another day of the week: shops compare Saturdays with Saturdays.
    onChange({ compare, match: compare === 'previous_year' ? 'weekday' : 'date' });
    close();
  };
  return (
    <div className={panelClass}>
      <div>
        {COMPARISONS.map((compare) => (
          <button
            key={compare}
            type="button"
            aria-pressed={period.compare === compare}
            className={itemClass}
            onClick={() => choose(compare)}
          >
            {text.range.comparisons[compare]}
          </button>
        ))}
      </div>
      {weekday && (
        <Check
          checked={period.match === 'weekday'}
          onChange={(match) => onChange({ match: match ? 'weekday' : 'date' })}
        >
          {text.range.matchWeekday}
        </Check>
      )}
      {custom && (
        <DatesForm
          from={from}
          until={until === '' ? addDays(dateIn(Date.now(), 'UTC'), 1) : until}
          onSubmit={(first, end) => {
            onChange({ compare: 'custom', with: `${first}..${end}` });
            close();
          }}
        />
      )}
    </div>
  );
}

function ZonePicker({ tz, at, onChange }: { tz: string; at: number; onChange: (tz: string) => void }) {
  const { zone: own } = useTenant();
  const mine = viewerZone();
  const shown = tz === '' ? own : tz;
  const label = `${shown.replaceAll('_', ' ')} · ${offsetLabel(at, shown)}`;
  const choices: [string, string][] = [['', text.range.zoneTenant(own)]];
  if (!sameClock(mine, own, at)) choices.push([mine, text.range.zoneMine(mine)]);
  if (!sameClock('UTC', own, at)) choices.push(['UTC', text.range.zoneUtc]);
  return (
    <Popover variant="quiet" accessibleLabel={`${text.range.zone}: ${label}`} label={label}>
      {(close) => {
        const choose = (zone: string) => {
          onChange(zone);
          close();
        };
        return (
          <div className={panelClass}>
            <div>
              {choices.map(([zone, label]) => (
                <button
                  key={zone}
                  type="button"
                  aria-pressed={tz === zone}
                  className={itemClass}
                  onClick={() => choose(zone)}
                >
                  {label}
                </button>
              ))}
            </div>
            <OtherZone onChoose={choose} />
          </div>
        );
      }}
    </Popover>
  );
}

function OtherZone({ onChoose }: { onChoose: (zone: string) => void }) {
  const [zone, setZone] = useState('');
  const [wrong, setWrong] = useState(false);
  return (
    <form
      className={classes(controls.stack, panelClass)}
      onSubmit={(event) => {
        event.preventDefault();
        if (isZone(zone)) onChoose(zone);
        else setWrong(true);
      }}
    >
      <ZoneInput
        label={text.range.zoneOther}
        value={zone}
        onChange={(next) => {
          setZone(next);
          setWrong(false);
        }}
        error={wrong ? text.range.zoneUnknown : undefined}
      />
      <Button type="submit">{text.apply}</Button>
    </form>
  );
}

/** An input for the name of a zone, with the names that the browser knows. */
export function ZoneInput({
  label,
  hint,
  value,
  onChange,
  error,
}: {
  label: string;
  hint?: string;
  value: string;
  onChange: (zone: string) => void;
  error?: string | undefined;
}) {
  return (
    <>
      <TextInput
        label={label}
        hint={hint}
        required
        list="zones"
        autoComplete="off"
        spellCheck={false}
        value={value}
        error={error}
        onChange={onChange}
      />
      <datalist id="zones">
        {Intl.supportedValuesOf('timeZone').map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}

/** A choice of names as a select, for the panels of reports. */
export function GrainPicker<T extends string>({
  value,
  options,
  onChange,
}: {
  value: T;
  options: readonly T[];
  onChange: (value: T) => void;
}) {
  return (
    <Select
      quiet
      label={text.range.grain}
      value={value}
      options={options.map((grain) => [grain, text.range.grains[grain] ?? grain] as const)}
      onChange={onChange}
    />
  );
}
