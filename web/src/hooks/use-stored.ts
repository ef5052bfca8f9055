import { useCallback, useSyncExternalStore } from 'react';

// Preferences of this browser. They change no number, so they are not in the URL.

const watchers = new Set<() => void>();

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  addEventListener('storage', watcher);
  return () => {
    watchers.delete(watcher);
    removeEventListener('storage', watcher);
  };
}

/** Returns a preference, and a function that changes it in all tabs. */
export function useStored<const T extends string>(
  name: string,
  values: readonly T[],
  fallback: NoInfer<T>,
): [T, (value: T) => void] {
  const key = `footfall.${name}`;
  const value = useSyncExternalStore(watch, () => {
    const stored = localStorage.getItem(key);
    return values.find((known) => known === stored) ?? fallback;
  });
  const store = useCallback(
    (next: T) => {
      localStorage.setItem(key, next);
      for (const watcher of watchers) watcher();
    },
    [key],
  );
  return [value, store];
}
