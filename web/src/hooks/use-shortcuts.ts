import { useEffect, useRef } from 'react';
import { useStored } from './use-stored';

export type Shortcuts = Record<string, () => void>;

/** Single keys can be switched off (WCAG 2.1.4): speech input types letters by accident. */
export function useShortcutsEnabled() {
  return useStored('shortcuts', ['on', 'off'], 'on');
}

const SEQUENCE = 1_000;

/** Runs an action for a key, or for two keys after each other (`g l`), outside of inputs and dialogs. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const [enabled] = useShortcutsEnabled();
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => {
    if (enabled === 'off') return;
    let before = '';
    let at = 0;
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target as HTMLElement;
      if (target.closest('input, select, textarea, dialog, [contenteditable]')) return;
      const recent = event.timeStamp - at < SEQUENCE ? before : '';
      const action = latest.current[`${recent} ${event.key}`] ?? latest.current[event.key];
      before = event.key;
      at = event.timeStamp;
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [enabled]);
}
