import { plain } from '../api/client';

/** Returns the collector's address for browsers, as `/docs` has it; empty if it is not configured. */
export async function collectorAddress(): Promise<string> {
  const documents = await plain<{ url: string; server: string }[]>('GET', '/docs/documents.json');
  return documents.find(({ url }) => url === '/docs/collector.json')?.server ?? '';
}
