// All requests to the API. Each carries the access token; one that was refused because the token has expired
// is sent again once with a new one.

import createClient from 'openapi-fetch';
import { session } from '../session/session';
import { ApiProblem, problemOf } from './problem';
import type { paths } from './schema';

/** Sends a request with the session's token. Throws an `ApiProblem` only if no answer arrives. */
export async function authorized(input: Request): Promise<Response> {
  const send = async (token: string | null) => {
    const request = input.clone();
    if (token) request.headers.set('Authorization', `Bearer ${token}`);
    try {
      return await fetch(request);
    } catch (error) {
      if (input.signal.aborted) throw error;
      throw new ApiProblem(0, { code: 'network' });
    }
  };
  const response = await send(await session.accessToken());
  if (response.status !== 401) return response;
  return (await session.refresh()) ? send(await session.accessToken()) : response;
}

const baseUrl = typeof location === 'undefined' ? 'http://localhost' : location.origin;

export const api = createClient<paths>({ baseUrl, fetch: authorized });

interface Answer<T> {
  data?: T;
  response: Response;
}

/** Returns the body of an answer, or throws its problem. */
export async function body<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, response } = await answer;
  if (!response.ok) throw await problemFrom(answer);
  return data as T;
}

async function problemFrom(answer: Promise<Answer<unknown>>): Promise<ApiProblem> {
  const { error, response } = (await answer) as Answer<unknown> & { error?: object };
  return error && typeof error === 'object'
    ? new ApiProblem(response.status, error, response.headers)
    : new ApiProblem(response.status, {}, response.headers);
}

/** Sends a request that `openapi/api.json` does not describe. */
export async function plain<T>(method: string, path: string, content?: unknown): Promise<T> {
  const request = new Request(new URL(path, baseUrl), {
    method,
    ...(content === undefined
      ? {}
      : { body: JSON.stringify(content), headers: { 'Content-Type': 'application/json' } }),
  });
  const response = await authorized(request);
  if (!response.ok) throw await problemOf(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** A file as the API names it. */
export interface File {
  name: string;
  blob: Blob;
}

/** Requests a file. */
export async function file(method: string, path: string, content?: unknown): Promise<File> {
  const request = new Request(new URL(path, baseUrl), {
    method,
    ...(content === undefined
      ? {}
      : { body: JSON.stringify(content), headers: { 'Content-Type': 'application/json' } }),
  });
  const response = await authorized(request);
  if (!response.ok) throw await problemOf(response);
  const named = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '');
  return { name: named?.[1] ?? 'report', blob: await response.blob() };
}

/** Hands a file to the browser's downloads. */
export function download({ name, blob }: File): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
