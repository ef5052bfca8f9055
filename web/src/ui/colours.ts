import { useEffect, useState } from 'react';

/** The colours that a canvas needs: it cannot read custom properties itself. */
export interface Colours {
  series: string[];
  past: string;
  grid: string;
  ink: string;
  surface: string;
  warn: string;
}

function read(): Colours {
  // Only a used value has `light-dark()` resolved, so each is read from an element.
  const probe = document.createElement('i');
  document.body.append(probe);
  const colour = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours: Colours = {
    series: [1, 2, 3, 4, 5, 6].map((number) => colour(`--series-${number}`)),
    past: colour('--series-past'),
    grid: colour('--grid'),
    ink: colour('--ink-soft'),
    surface: colour('--surface'),
    warn: colour('--warn'),
  };
  probe.remove();
  return colours;
}

/** Returns the colours, again after the appearance changed. */
export function useColours(): Colours {
  const [colours, setColours] = useState(read);
  useEffect(() => {
    const again = () => setColours(read());
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const observer = new MutationObserver(again);
    dark.addEventListener('change', again);
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      dark.removeEventListener('change', again);
      observer.disconnect();
    };
  }, []);
  return colours;
}
