import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';
import { type Fields, readState, writeState } from './codec';

/** Returns the state that the URL holds, and a function that changes a part of it. */
export function useUrlState<T extends object>(
  fields: Fields<T>,
): [T, (change: Partial<T>, how?: { replace?: boolean }) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const state = useMemo(() => readState(fields, search), [fields, search]);
  const change = useCallback(
    (part: Partial<T>, how?: { replace?: boolean }) => {
      const query = writeState(fields, { ...state, ...part });
      navigate(query === '' ? path : `${path}?${query}`, { replace: how?.replace ?? false });
    },
    [fields, state, path, navigate],
  );
  return [state, change];
}
