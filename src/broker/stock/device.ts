import { randomBytes } from 'node:crypto';
import type { Frame } from '../../protocol/frames.ts';
import { type Scope, scopeOf } from '../../protocol/shapes.ts';
import type { DeviceDialect, DialectContext, Heard } from '../station/device-dialect.ts';
import { type Vintage, vet } from './commands.ts';
import { type Numbers, numbers } from './numbers.ts';
import { heed, type View, Views, withHashes } from './view.ts';

/** What every stock device needs; a generation that leaves more unsaid adds to it. */
export type StockBase = {
  /** Of the link; given to no other. */
  readonly name: string;
  readonly views: Views;
  readonly numbers: Numbers;
  /** What the device is sent for a command; null where it was answered in its place. */
  take(frame: Frame): Frame | null;
  /** Where a frame belongs that is an event; null for every other one. */
  scopeOfEvent(frame: Frame): Scope | null;
  /** An event as the contract has it; its view is brought up to date. */
  event(frame: Frame, scope: Scope): Frame;
};

/** `forgotten`: is told of a conversation that is looked at no longer, since the device has named too many others. */
export function stockBase(
  vintage: Vintage,
  { clock, connectionId, hear }: DialectContext,
  forgotten?: (view: View) => void,
): StockBase {
  const views = new Views(forgotten);
  // A lease may have many links one after the other, and each begins a log (SEQ-5).
  const name = `${connectionId.slice(0, 64)}-${randomBytes(6).toString('base64url')}`;
  const log = numbers(name, () => clock.now());
  return {
    name,
    views,
    numbers: log,
    take(frame) {
      const vetted = vet(frame, vintage, views);
      if ('send' in vetted) return vetted.send;
      hear({ frame: vetted.answer });
      return null;
    },
    scopeOfEvent: (frame) => (typeof frame.event_seq === 'number' ? scopeOf(frame.runtime) : null),
    // No such device marks a snapshot: what it numbers has happened.
    event({ snapshot: _, ...rest }, scope) {
      const frame = rest as Frame;
      const view = views.of(scope);
      heed(view, frame, clock.now());
      views.weigh(view);
      return withHashes(log.heard(frame, frame.event_seq as number, scope), view);
    },
  };
}

/** Letta Code 0.30 and later: it answers what it understands, but keeps no log and knows none of the extensions. */
export function stockDevice(context: DialectContext): DeviceDialect {
  const base = stockBase('stock', context);
  return {
    toDevice(frame) {
      const sent = base.take(frame);
      return sent ? [sent] : [];
    },
    fromDevice(frame, text): readonly Heard[] {
      const scope = base.scopeOfEvent(frame);
      return [scope ? { frame: base.event(frame, scope) } : { frame, text }];
    },
    close: () => undefined,
  };
}
