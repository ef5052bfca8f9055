import { join } from 'node:path';
import { settled } from '../console/read';
import { SCREENS, viewer } from '../console/screens';
import { test } from '../console/test';

const SIZE = { width: 1280, height: 800 };
const FOLDER = new URL('../../../docs/console', import.meta.url).pathname;

for (const screen of SCREENS) {
  test(`a picture of ${screen.name}, light and dark`, { tag: '@pictures' }, async ({ visit, world }) => {
    const { path } = screen;
    const page = await visit({ ...viewer(screen, world), path, viewport: SIZE });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await settled(page);
      if (colorScheme === 'light') await screen.act?.(page);
      await page.screenshot({ path: join(FOLDER, `${screen.name}-${colorScheme}.png`) });
    }
  });
}
