import type { BrokerEvent } from '../../broker/log.ts';
import { printable } from '../show/printable.ts';

/** One line of the broker's log for people: when, what, and whatever belongs to it. */
export function logLine({ event, ...fields }: BrokerEvent, at: Date): string {
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${/^[^\s"=]+$/.test(String(value)) ? value : JSON.stringify(value)}`);
  return printable([at.toTimeString().slice(0, 8), event.replace('_', ' '), ...rest].join('  '));
}
