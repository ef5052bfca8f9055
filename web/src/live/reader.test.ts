import { expect, test } from 'vitest';
import type { Frame } from './frames';
import { StreamReader, type StreamStatus, type Transport } from './reader';

const update = (id: string, impressions: number) =>
  `id: ${id}\nevent: update\ndata: {"campaign_id":"a","as_of":"2026-03-29T00:00:00Z","currency":"EUR",` +
  `"other_currencies":[],"buckets":[{"start":"2026-03-29T00:00:00Z","impressions":${impressions}}]}\n\n`;

interface Script {
  answers: (() => Response)[];
}

/** Runs a reader over answers in turn; it stops when they are used up. */
async function follow({ answers }: Script) {
  const asked: (string | null)[] = [];
  const waited: number[] = [];
  const frames: Frame[] = [];
  const statuses: StreamStatus[] = [];
  const abort = new AbortController();
  const transport: Transport = {
    open: async (lastId) => {
      asked.push(lastId);
      const answer = answers[asked.length - 1];
      if (!answer) {
        abort.abort();
        throw new Error('no more answers');
      }
      return answer();
    },
    wait: async (milliseconds) => {
      waited.push(milliseconds);
    },
  };
  const reader = new StreamReader(transport, {
    frame: (frame) => frames.push(frame),
    status: (status) => statuses.push(status),
  });
  await reader.run(abort.signal);
  return { asked, waited, frames, statuses };
}

const stream =
  (...chunks: string[]) =>
  () =>
    new Response(
      new ReadableStream({
        start(controller) {
          const encoder = new TextEncoder();
          for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
          controller.close();
        },
      }),
    );

test('a stream that breaks off is resumed behind the last frame', async () => {
  const { asked, frames, statuses } = await follow({
    answers: [stream(update('1-0', 1), update('2-0', 2)), stream(update('3-0', 3))],
  });
  expect(asked).toEqual([null, '2-0', '3-0']);
  expect(frames).toHaveLength(3);
  expect(statuses.slice(0, 4)).toEqual(['connecting', 'live', 'reconnecting', 'live']);
});

test('a frame that is cut in the middle counts only once it is whole', async () => {
  const whole = update('1-0', 1);
  const { asked, frames } = await follow({
    answers: [stream(whole.slice(0, 40), whole.slice(40)), stream(update('2-0', 2).slice(0, -2))],
  });
  expect(frames).toHaveLength(1);
  expect(asked).toEqual([null, '1-0', '1-0']);
});

test('after a reset nothing is resumed until a new frame has an id', async () => {
  const { asked } = await follow({
    answers: [stream(update('1-0', 1)), stream('event: reset\ndata: {}\n\n'), stream(update('7-0', 1))],
  });
  expect(asked).toEqual([null, '1-0', null, '7-0']);
});

test('an empty id means that nothing is resumed', async () => {
  const { asked } = await follow({
    answers: [stream(update('1-0', 1), update('', 1).replace('id: ', 'id:')), stream(update('2-0', 1))],
  });
  expect(asked).toEqual([null, null, '2-0']);
});

test('an expired token is replaced without a pause', async () => {
  const { waited, statuses } = await follow({
    answers: [stream(update('1-0', 1), 'event: end\ndata: {"reason":"token_expired"}\n\n')],
  });
  expect(waited).toHaveLength(0);
  expect(statuses.filter((status) => status === 'reconnecting')).toHaveLength(1);
});

test('a limited tenant is asked again after the pause that the server names', async () => {
  const { waited, statuses } = await follow({
    answers: [() => new Response(null, { status: 429, headers: { 'retry-after': '7' } })],
  });
  expect(waited[0]).toBe(7000);
  expect(statuses).toContain('limited');
});

test('a server that says 204 is not asked again', async () => {
  const { asked } = await follow({ answers: [() => new Response(null, { status: 204 })] });
  expect(asked).toHaveLength(1);
});

test('pauses grow while the server is down', async () => {
  const down = () => new Response(null, { status: 503 });
  const { waited } = await follow({ answers: [down, down, down, down, down, down] });
  expect(waited[0]).toBeLessThan(800);
  expect(waited[5]).toBeGreaterThan(4000);
});
