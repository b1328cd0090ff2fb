import { type ManualPair, manualPair } from '../link/memory.ts';
import { type Recorder, record } from '../link/recorder.ts';
import type { Frame } from '../protocol/frames.ts';
import type { Device } from './device.ts';

export const hello = { type: 'broker_hello', feed_id: null, have: 0, inbox_id: 'inbox-1', first: 1 };
const connection = { id: 'conn-1', name: 'desk' };

/** A broker's end of a device's link, driven by hand: nothing moves before it is flushed. */
export type TestBroker = {
  readonly pair: ManualPair;
  readonly heard: Recorder;
  say(frame: Frame): void;
  /** What was heard so far. */
  frames(): Frame[];
};

/** Attaches one to a device. `greeting` null: it says nothing yet. */
export function attach({ device }: { readonly device: Device }, greeting: Frame | null = hello): TestBroker {
  const pair = manualPair();
  device.attachBroker(pair.a, connection);
  const heard = record(pair.b);
  const say = (frame: Frame) => pair.b.send(JSON.stringify(frame));
  if (greeting) say(greeting);
  pair.flush();
  return { pair, heard, say, frames: () => heard.messages.map((text) => JSON.parse(text) as Frame) };
}
