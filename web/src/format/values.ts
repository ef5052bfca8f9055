// Numbers for people. Three states look different everywhere: a number, also zero; `null`, which has no
// value because its denominator is zero; and `undefined`, which is not loaded.

export type Unit = 'count' | 'quantity' | 'ratio' | 'money';

/** What the API sends: money is a decimal text, so that no digit is lost. */
export type MetricValue = number | string | null | undefined;

export interface Look {
  unit: Unit;
  /** The currency of money, as ISO 4217 writes it. */
  currency?: string;
  /** Whether a ratio is shown as a multiple (`5.13×`) and not as a percentage. */
  factor?: boolean;
  /** Whether large numbers are shortened (`12.4K`), as on axes. */
  compact?: boolean;
  locale: string;
}

export const NULL_SIGN = '–';
export const LOADING_SIGN = '';

const formats = new Map<string, Intl.NumberFormat>();

export function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, options);
    formats.set(key, format);
  }
  return format;
}

/** Returns a value as people read it. */
export function formatValue(value: MetricValue, look: Look): string {
  if (value === undefined) return LOADING_SIGN;
  if (value === null) return NULL_SIGN;
  // `Intl` reads decimal texts without rounding them to a double first.
  const exact = value as number;
  const format = numberFormat(look.locale, optionsOf(look, Number(value)));
  return look.unit === 'ratio' && look.factor ? `${format.format(exact)}×` : format.format(exact);
}

function optionsOf(look: Look, size: number): Intl.NumberFormatOptions {
  const compact = look.compact ? shortened(size) : {};
  switch (look.unit) {
    case 'count':
      return { maximumFractionDigits: 0, ...compact };
    case 'quantity':
      return { maximumFractionDigits: 3, ...compact };
    case 'money':
      return {
        style: 'currency',
        currency: look.currency ?? 'XXX',
        currencyDisplay: 'narrowSymbol',
        ...compact,
      };
    case 'ratio':
      if (look.factor) return { minimumFractionDigits: 2, maximumFractionDigits: 2 };
      // A click rate of 0.2983 % says more than 0 %: small shares keep more digits.
      return {
        style: 'percent',
        maximumFractionDigits: Math.abs(size) < 0.1 ? 2 : 1,
        minimumFractionDigits: 1,
      };
  }
}

/** How a number on an axis is shortened: it needs no more places than distinguish it from its neighbours. */
function shortened(size: number): Intl.NumberFormatOptions {
  const large = Math.abs(size);
  if (large >= 10_000) return { notation: 'compact', minimumFractionDigits: 0, maximumFractionDigits: 1 };
  return large >= 10 || large === 0 ? { minimumFractionDigits: 0, maximumFractionDigits: 0 } : {};
}

/** Returns a change, such as `+12.4 %`; `null` if the earlier value is zero or undefined. */
export function formatChange(change: number | null | undefined, locale: string): string {
  if (change === undefined) return LOADING_SIGN;
  if (change === null) return NULL_SIGN;
  const digits = Math.abs(change) >= 10 ? 0 : 1;
  return numberFormat(locale, {
    style: 'percent',
    signDisplay: 'exceptZero',
    maximumFractionDigits: digits,
  }).format(change);
}

/** Returns a share, such as of a funnel's step. */
export function formatShare(share: number | null | undefined, locale: string): string {
  return formatValue(share, { unit: 'ratio', locale });
}

export function formatCount(count: number | null | undefined, locale: string): string {
  return formatValue(count, { unit: 'count', locale });
}

/** Returns a number of bytes, such as `61.2 MB`. */
export function formatBytes(bytes: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return numberFormat(locale, {
    style: 'unit',
    unit: units[step],
    unitDisplay: 'short',
    maximumFractionDigits: step === 0 ? 0 : 1,
  }).format(bytes / 1000 ** step);
}

/** Returns a length of time, such as `4 min 5 s`. */
export function formatSeconds(seconds: number | null | undefined, locale: string): string {
  if (seconds === undefined) return LOADING_SIGN;
  if (seconds === null) return NULL_SIGN;
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'day'],
    [Math.floor(seconds / 3600) % 24, 'hour'],
    [Math.floor(seconds / 60) % 60, 'minute'],
    [Math.floor(seconds) % 60, 'second'],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  const shown =
    first === -1 ? parts.slice(-1) : parts.slice(first, first + 2).filter(([amount]) => amount > 0);
  return shown
    .map(([amount, unit]) =>
      numberFormat(locale, { style: 'unit', unit, unitDisplay: 'narrow' }).format(amount),
    )
    .join(' ');
}
