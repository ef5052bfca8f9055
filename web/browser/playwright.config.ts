import { defineConfig } from '@playwright/test';
import { API, WORK } from './platform/addresses';

/** What run.sh was asked for beside the journeys. */
const only = process.env.FOOTFALL_TEST_ONLY;

export default defineConfig({
  testDir: 'journeys',
  globalSetup: './platform/setup.ts',
  outputDir: `${WORK}/results`,
  reporter: [['list']],
  ...(only ? { grep: new RegExp(`@${only}`) } : { grepInvert: /@(pictures|measures)/ }),
  // The journeys share one platform, and some of them break it.
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  use: {
    baseURL: API,
    locale: 'en-GB',
    viewport: { width: 1440, height: 900 },
    // A dot that beats is painted sixty times a second, which takes a processor without a graphics card long.
    contextOptions: { reducedMotion: only === 'measures' ? 'no-preference' : 'reduce' },
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: process.env.FOOTFALL_TEST_BROWSER ?? 'chromium-headless-shell' },
  },
});
