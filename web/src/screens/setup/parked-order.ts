// What an order about parked events is about.

import type { components } from '../../api/schema';

export type ParkedHour = components['schemas']['ParkedHourView'];
export type ParkedAction = components['schemas']['ParkedActionView'];

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** An order about the events of all hours up to one, or of all. */
export interface Order {
  action: ParkedAction;
  events: number;
  /** The end of the last hour. */
  before?: string;
}

/** Returns the order about everything up to an hour, or about everything that is there when it is carried out. */
export function orderOf(action: ParkedAction, hours: readonly ParkedHour[], last?: ParkedHour): Order {
  const end = last && Date.parse(last.hour) + HOUR;
  const meant = hours.filter(({ hour }) => end === undefined || Date.parse(hour) < end);
  const events = meant.reduce((sum, hour) => sum + hour.events, 0);
  return { action, events, ...(end === undefined ? {} : { before: new Date(end).toISOString() }) };
}

/** Whether the events of an hour expire within a day. */
export function expiresSoon({ expires_at: expires }: ParkedHour, now: number): boolean {
  return Date.parse(expires) - now < DAY;
}
