// The login form, as people fill it in.

import type { Page } from '@playwright/test';
import { PASSWORD } from '../platform/world';

/** Enters address and password; what follows is up to the platform. */
export async function enter(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}
