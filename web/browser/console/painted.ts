// What a page has painted, noted with each picture: also numbers that were there for a moment only.

import type { Page } from '@playwright/test';

export interface Painted {
  /** Milliseconds since 1970. */
  at: number;
  number: number;
}

/** Notes each number of a tile that the page paints from now on. */
export async function watchTile(page: Page, tile: string): Promise<void> {
  await page.evaluate((label) => {
    const painted: Painted[] = [];
    Object.assign(globalThis, { painted });
    const look = () => {
      const name = [...document.querySelectorAll('dl dt')].find(({ textContent }) => textContent === label);
      const text = name?.nextElementSibling?.textContent?.replace(/,/g, '');
      // A place holder is no number.
      if (text && painted.at(-1)?.number !== Number(text))
        painted.push({ at: Date.now(), number: Number(text) });
      requestAnimationFrame(look);
    };
    look();
  }, tile);
}

export const paintedOf = (page: Page): Promise<Painted[]> =>
  page.evaluate(() => (globalThis as unknown as { painted: Painted[] }).painted);

interface Sent {
  at: number;
  total: number;
}

/** Returns what is wrong with painted numbers: none steps back, and none is more than was sent until then. */
export function faultsOf(painted: readonly Painted[], before: number, sends: readonly Sent[]): string[] {
  let last = before;
  return painted.flatMap(({ at, number }) => {
    const most = before + (sends.findLast((send) => send.at <= at)?.total ?? 0);
    const faults = [];
    if (number < last) faults.push(`${number} after ${last}`);
    if (number > most) faults.push(`${number} when ${most} were sent`);
    last = number;
    return faults;
  });
}
