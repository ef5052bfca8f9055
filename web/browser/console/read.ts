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

/** Returns the texts of a table's cells, row by row, without its head. */
export async function rowsOf(table: Locator): Promise<string[][]> {
  return table
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll('th, td')].map((cell) => cell.textContent?.trim() ?? '')),
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
