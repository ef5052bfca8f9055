// The test of every journey. Each page of it is watched: one violation of the policy, one request to another
// host or one error in a script fails the journey, whatever else it proves.

import {
  type BrowserContext,
  type BrowserContextOptions,
  test as base,
  expect,
  type Page,
} from '@playwright/test';
import { API } from '../platform/addresses';
import { PASSWORD, readWorld, type World } from '../platform/world';

export { expect, type Locator, type Page, type Request } from '@playwright/test';

interface Visit extends BrowserContextOptions {
  /** Who is logged in: an address; nobody without one. */
  as?: string;
  password?: string;
  /** The screen that is opened: the start page without one. */
  path?: string;
  /** The network that the browser uses, if it is not the direct one. */
  origin?: string;
}

interface Fixtures {
  world: World;
  /** Opens a browser of its own, with a screen of the console. */
  visit: (how?: Visit) => Promise<Page>;
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures from the pattern.
  world: async ({}, use) => use(readWorld()),
  visit: async ({ browser, contextOptions, locale, viewport }, use) => {
    const opened: BrowserContext[] = [];
    const faults: string[] = [];
    await use(async ({ as, password = PASSWORD, path = '', origin = API, ...options } = {}) => {
      const context = await browser.newContext({
        ...contextOptions,
        locale,
        viewport,
        baseURL: origin,
        ...options,
      });
      opened.push(context);
      await watch(context, new URL(origin).host, faults);
      if (as !== undefined) await logIn(context, origin, as, password);
      const page = await context.newPage();
      await page.goto(`/console/${path}`);
      return page;
    });
    for (const context of opened) await context.close();
    expect(faults, 'what the pages must not do').toEqual([]);
  },
});

/** Gives the browser a session, as the login form does. */
async function logIn(
  context: BrowserContext,
  origin: string,
  email: string,
  password: string,
): Promise<void> {
  const answer = await context.request.post(`${origin}/v1/auth/login`, {
    headers: { Origin: origin, 'X-Forwarded-For': someNetwork() },
    data: { email, password, session: 'cookie' },
  });
  expect(answer.status(), await answer.text()).toBe(200);
}

/** An address of a network of its own: journeys log in more often than one network may. */
function someNetwork(): string {
  const byte = () => Math.floor(Math.random() * 256);
  return `10.${byte()}.${byte()}.1`;
}

async function watch(context: BrowserContext, host: string, faults: string[]): Promise<void> {
  await context.exposeFunction('reportViolation', (violation: string) => faults.push(violation));
  await context.addInitScript(() => {
    addEventListener(
      'securitypolicyviolation',
      ({ effectiveDirective, blockedURI, sourceFile, lineNumber }) => {
        const { reportViolation } = globalThis as unknown as { reportViolation: (what: string) => void };
        reportViolation(`policy: ${effectiveDirective} ${blockedURI} ${sourceFile}:${lineNumber}`);
      },
    );
  });
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.host !== host) faults.push(`request to ${url.href}`);
  });
  context.on('weberror', (event) => faults.push(`error: ${event.error().stack ?? event.error().message}`));
  context.on('console', (message) => {
    // The browser reports each answer that is no success and each cut connection, and React each answer that a
    // screen could not be shown without.
    const reported = /^(Failed to load resource|ApiProblem:)/.test(message.text());
    if (message.type() === 'error' && !reported) faults.push(`console: ${message.text()}`);
  });
}
