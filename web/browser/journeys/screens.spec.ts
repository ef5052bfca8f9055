import { AxeBuilder } from '@axe-core/playwright';
import { settled } from '../console/read';
import { SCREENS, viewer } from '../console/screens';
import { expect, type Page, test } from '../console/test';

/** WCAG 2.2, levels A and AA. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Those of them that colours can break: a dark screen differs in nothing else. */
const COLOURS = ['color-contrast', 'link-in-text-block'];
const WIDTHS = [1440, 360];
const SCHEMES = ['light', 'dark'] as const;

async function violations(page: Page, scheme: (typeof SCHEMES)[number]): Promise<string[]> {
  const axe = new AxeBuilder({ page }).options({ resultTypes: ['violations'] });
  const rules = scheme === 'light' ? axe.withTags(RULES) : axe.withRules(COLOURS);
  // No page has frames, whose results would be merged in a page of their own: that takes three times as long.
  const { violations: found } = await rules.setLegacyMode().analyze();
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target }) => `${id}: ${help} (${target.join(' ')})`),
  );
}

for (const screen of SCREENS) {
  test(`${screen.name}: everybody can use it, light and dark, wide and narrow`, async ({ visit, world }) => {
    const page = await visit({ ...viewer(screen, world), path: screen.path });
    await settled(page);
    await screen.act?.(page);
    for (const width of WIDTHS) {
      // A browser that shows a page on the whole screen does not resize it.
      await page.evaluate(() => document.fullscreenElement && document.exitFullscreen());
      await page.setViewportSize({ width, height: 900 });
      const beyond = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      await expect.poll(beyond, `pixels beyond a screen of ${width}`).toBeLessThanOrEqual(0);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        expect(await violations(page, colorScheme), `${colorScheme}, ${width} pixels`).toEqual([]);
      }
    }
  });
}
