// What a person reads from the screen.

import type { Locator, Page } from '@playwright/test';

/** A tile of the dashboard: the element with its number. */
export function tile(page: Page, name: string): Locator {
  return page
    .locator('dl > div')
    .filter({ has: page.getByText(name, { exact: true }) })
    .locator('dd')
    .first();
}

/** Returns a number as it is shown: `1,234`. */
export function numberOf(text: string): number {
  return Number(text.replace(/[^\d.-]/g, ''));
}

/** Returns a count as it is shown: `1,234`. */
export const count = (number: number): string => number.toLocaleString('en-GB');

/** Returns an amount of dollars as it is shown. */
export const dollars = (amount: unknown): string =>
  `$${Number(amount).toLocaleString('en-GB', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

/** Returns a share as it is shown: small ones keep more digits. */
export function share(number: number | null | undefined): string {
  if (number === null || number === undefined) return '–';
  const maximumFractionDigits = number < 0.1 ? 2 : 1;
  return number.toLocaleString('en-GB', {
    style: 'percent',
    minimumFractionDigits: 1,
    maximumFractionDigits,
  });
}

/** Returns the texts of a table's cells, row by row, without its head. */
export async function rowsOf(table: Locator): Promise<string[][]> {
  return table
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll('th, td')].map((cell) => cell.textContent?.trim() ?? '')),
    );
}

/** Returns what the steps on a page say: name, count and, after the first, shares. */
export async function stepsOf(page: Page): Promise<string[][]> {
  return page
    .locator('main ol > li')
    .evaluateAll((steps) =>
      steps.map((step) =>
        [...step.querySelectorAll(':scope > span')].map((part) => part.textContent?.trim() ?? ''),
      ),
    );
}

export function table(page: Page, caption: string): Locator {
  return page.getByRole('table', { name: caption, exact: true });
}

/** Waits until nothing on the page is loading. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main').getByRole('heading').first().waitFor();
  await page.waitForFunction(
    () =>
      document.querySelector('[aria-busy="true"]') === null &&
      document.querySelector('main [aria-hidden="true"][class*="skeleton"]') === null,
  );
}
