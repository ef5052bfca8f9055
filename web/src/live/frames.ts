// The frames of a live stream. `GET /v1/campaigns/{id}/live` sends frames of one campaign; those of
// `GET /v1/live` hold `campaigns`, a list of the same objects, and its snapshot has all of them.

/** The additive numbers of a quarter hour: counts are numbers, money is a decimal text. */
export type BucketValues = Record<string, number | string>;

export interface Bucket {
  /** RFC 3339. */
  start: string;
  values: BucketValues;
}

export interface CampaignFrame {
  campaign: string;
  tz: string | null;
  asOf: string | null;
  currency: string;
  otherCurrencies: string[];
  buckets: Bucket[];
}

export type Frame =
  /** `id` is the place behind the frame: `null` if the frame has none, empty if what is known of it is void. */
  | { kind: 'snapshot' | 'update'; id: string | null; data: CampaignFrame[] }
  | { kind: 'reset' }
  | { kind: 'end'; reason: string };

interface WireFrame {
  campaigns?: unknown;
  campaign_id?: unknown;
  tz?: unknown;
  as_of?: unknown;
  currency?: unknown;
  other_currencies?: unknown;
  buckets?: unknown;
  reason?: unknown;
}

/** Returns the place from which a reader resumes after a frame; `null` for the beginning. */
export function placeAfter(place: string | null, { id }: { id: string | null }): string | null {
  return id === null ? place : id || null;
}

/** Reads one server-sent event; `null` for events that this console does not know. */
export function readFrame(event: string | undefined, data: string, id: string | null): Frame | null {
  if (event === 'reset') return { kind: 'reset' };
  let wire: WireFrame;
  try {
    wire = JSON.parse(data) as WireFrame;
  } catch {
    return null;
  }
  if (event === 'end') return { kind: 'end', reason: typeof wire.reason === 'string' ? wire.reason : '' };
  if (event !== 'snapshot' && event !== 'update') return null;
  const parts = Array.isArray(wire.campaigns)
    ? wire.campaigns.map((part) => ({ ...wire, ...(part as WireFrame) }))
    : [wire];
  return { kind: event, id, data: parts.flatMap(readCampaign) };
}

function readCampaign(wire: WireFrame): CampaignFrame[] {
  if (typeof wire.campaign_id !== 'string') return [];
  return [
    {
      campaign: wire.campaign_id,
      tz: typeof wire.tz === 'string' ? wire.tz : null,
      asOf: typeof wire.as_of === 'string' ? wire.as_of : null,
      currency: typeof wire.currency === 'string' ? wire.currency : '',
      otherCurrencies: Array.isArray(wire.other_currencies) ? wire.other_currencies.map(String) : [],
      buckets: Array.isArray(wire.buckets) ? wire.buckets.flatMap(readBucket) : [],
    },
  ];
}

function readBucket(wire: Record<string, unknown>): Bucket[] {
  if (typeof wire.start !== 'string') return [];
  const values: BucketValues = {};
  for (const [name, value] of Object.entries(wire)) {
    if (name !== 'start' && (typeof value === 'number' || typeof value === 'string')) values[name] = value;
  }
  return [{ start: wire.start, values }];
}
