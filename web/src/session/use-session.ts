import { useSyncExternalStore } from 'react';
import { type SessionState, session } from './session';

export function useSessionState(): SessionState {
  return useSyncExternalStore(session.watch, () => session.state);
}

export function useRecoveryCodes(): readonly string[] {
  return useSyncExternalStore(session.watch, () => session.recoveryCodes);
}
