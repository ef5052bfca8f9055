import type { components } from './schema';

type ProblemBody = components['schemas']['Problem'];

/** A request that failed, as it is shown to a person. */
export class ApiProblem extends Error {
  readonly status: number;
  /** The stable code; `network` if no answer arrived. */
  readonly code: string;
  readonly title: string;
  readonly requestId: string | null;
  readonly errors: readonly { pointer: string; reason: string }[];
  /** Seconds to wait before another try. */
  readonly retryAfter: number | null;

  constructor(status: number, body: Partial<ProblemBody>, headers?: Headers) {
    super(body.detail ?? body.title ?? '');
    this.name = 'ApiProblem';
    this.status = status;
    this.code = body.code ?? 'internal';
    this.title = body.title ?? '';
    this.requestId = body.request_id ?? headers?.get('x-request-id') ?? null;
    this.errors = body.errors ?? [];
    const pause = Number(headers?.get('retry-after'));
    this.retryAfter = Number.isFinite(pause) && pause > 0 ? pause : null;
  }

  /** Whether the same request may succeed later. */
  get transient(): boolean {
    return this.code === 'network' || [408, 429, 503].includes(this.status);
  }
}

/** Reads the problem that an answer holds. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  let body: Partial<ProblemBody> = {};
  try {
    body = (await response.clone().json()) as Partial<ProblemBody>;
  } catch {
    // A proxy answered, and not the API: the status is all there is.
  }
  return new ApiProblem(response.status, body, response.headers);
}

/** Whatever was thrown, as a problem. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem(0, { code: 'network' });
}
