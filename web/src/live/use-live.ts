import { useSyncExternalStore } from 'react';
import { useMe } from '../data/me';
import { LiveFeed } from './feed';
import type { LiveState } from './store';

const feeds = new Map<string, LiveFeed>();

/** Returns the live numbers of the user, and keeps the stream open while the screen is shown. */
export function useLive(): LiveState {
  const { subject } = useMe();
  let feed = feeds.get(subject);
  if (!feed) {
    feed = new LiveFeed(subject);
    feeds.set(subject, feed);
  }
  return useSyncExternalStore(feed.watch, feed.snapshot);
}
