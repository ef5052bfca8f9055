// Days on which clocks change, computed from the rules of the zones and not from a library's tables.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Returns the first Sunday of a month, as `2026-11-01`. */
function firstSunday(year: number, month: number): string {
  const first = new Date(Date.UTC(year, month - 1, 1));
  return new Date(first.getTime() + ((7 - first.getUTCDay()) % 7) * DAY).toISOString().slice(0, 10);
}

/** Returns the last first Sunday of a month that is over everywhere. */
function lastFirstSunday(month: number): string {
  const over = new Date(Date.now() - 3 * DAY).toISOString().slice(0, 10);
  const year = Number(over.slice(0, 4));
  const thisYear = firstSunday(year, month);
  return thisYear < over ? thisYear : firstSunday(year - 1, month);
}

/** The last days with a longer night: 25 hours in New York, 24½ on Lord Howe Island. */
export function changeOfClocks(): { newYork: string; lordHowe: string } {
  return { newYork: lastFirstSunday(11), lordHowe: lastFirstSunday(4) };
}

/** Returns each half hour of a date, by every clock of the world, in milliseconds since 1970. */
export function halfHours(date: string): number[] {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  return Array.from({ length: 3 * 48 }, (_, index) => midnight - DAY + (index * HOUR) / 2);
}

/** Returns the date so many days ago, in UTC. */
export function daysAgo(days: number): string {
  return new Date(Date.now() - days * DAY).toISOString().slice(0, 10);
}

export function dayAfter(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + DAY).toISOString().slice(0, 10);
}

/** Returns a zone in which today began an hour ago at least, and goes on for some hours. */
export function farFromMidnight(): string {
  const zones = ['Europe/Berlin', 'Asia/Kolkata', 'America/Los_Angeles'];
  const hour = (timeZone: string) =>
    Number(new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' }).format());
  return zones.find((zone) => hour(zone) >= 1 && hour(zone) <= 20) ?? 'UTC';
}
