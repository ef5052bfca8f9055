import { rowsOf, settled, table } from '../console/read';
import { expect, test } from '../console/test';
import { changeOfClocks, dayAfter } from '../platform/calendar';
import { csv, type Query } from '../platform/rest';
import { ALMANAC_OWNER } from '../platform/world';

const { newYork, lordHowe } = changeOfClocks();

/** Each zone with a day, and how many hours its clock shows on it. */
const DAYS = [
  { zone: 'UTC', day: newYork, hours: 24 },
  { zone: 'America/New_York', day: newYork, hours: 25 },
  { zone: 'Asia/Kolkata', day: newYork, hours: 24 },
  { zone: 'Australia/Lord_Howe', day: lordHowe, hours: 24 },
];

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sept', 'Oct', 'Nov', 'Dec'];

/** Returns the buckets of a file as the console names them: `1 Nov, 01:00`, with the offset if that occurs twice. */
function named(file: string): string[][] {
  const lines = file.trim().split(/\r?\n/).slice(1);
  const buckets = lines
    .filter((line) => line.startsWith('segment'))
    .map((line) => {
      const [, start = '', , events = ''] = line.split(',');
      const [, month, day, clock, offset] =
        /^\d{4}-(\d{2})-(\d{2})T(\d{2}:\d{2}):00(Z|[+-]\d{2}:\d{2})$/.exec(start) ?? [];
      const name = `${Number(day)} ${MONTHS[Number(month) - 1]}, ${clock}`;
      return { name, offset: `UTC${offset === 'Z' ? '+00:00' : offset?.replace('-', '−')}`, events };
    });
  const twice = (name: string) => buckets.filter((bucket) => bucket.name === name).length > 1;
  return buckets.map(({ name, offset, events }) => [twice(name) ? `${name} ${offset}` : name, events]);
}

for (const { zone: viewer } of DAYS) {
  test(`a viewer in ${viewer} sees the buckets that the API names, in each zone`, async ({
    visit,
    world,
  }) => {
    const page = await visit({ as: ALMANAC_OWNER, timezoneId: viewer });
    for (const { zone, day, hours } of DAYS) {
      const until = dayAfter(day);
      const asked: Query = {
        metrics: ['events'],
        time: { from: day, to: until, tz: zone, granularity: 'hour' },
      };
      await page.goto(
        `/console/explore?range=${day}..${until}&tz=${zone}&metrics=events&by=&grain=hour&view=table`,
      );
      await settled(page);
      const shown = await rowsOf(table(page, 'Events'));
      expect(shown, zone).toEqual(named(await csv(world.almanac.read, asked)));
      expect(shown, zone).toHaveLength(hours);
      // An event was sent each half hour, so the rows of a day are as many half hours as the day has.
      const total = shown.reduce((sum, [, events]) => sum + Number(events), 0);
      expect(total, zone).toBe(zone === 'Australia/Lord_Howe' ? 49 : 2 * hours);
    }
  });
}
