import { isDelivery } from '../broker/station/delivery.ts';
import type { Pipe } from '../link/pipe.ts';
import type { Frame } from '../protocol/frames.ts';
import { commandSpec, routeOf } from '../protocol/routing.ts';
import type { Passage } from './chaos-relay-schedule.ts';

export type WitnessOptions = {
  /** Does it, unless death comes before it. */
  through(at: Passage, act: () => void): void;
  /** The device told this. */
  heard(text: string): void;
  /** The device says that it has the message or the decision that waited at that place. */
  taken(position: number): void;
};

/** A broker's end of a device's link, and what went over it without an answer yet. */
export type Witness = {
  readonly pipe: Pipe;
  readonly open: { readonly deliveries: ReadonlySet<string>; readonly commands: ReadonlySet<string> };
};

export function witness(pipe: Pipe, { through, heard, taken }: WitnessOptions): Witness {
  const deliveries = new Set<string>();
  const commands = new Set<string>();

  function send(text: string): void {
    const frame: Frame = JSON.parse(text);
    const id = String(frame.request_id);
    through('command', () => {
      if (!isDelivery(frame.request_id)) {
        if (commandSpec(frame.type)?.reply) commands.add(id);
        return pipe.send(text);
      }
      through('delivery', () => {
        deliveries.add(id);
        pipe.send(text);
      });
    });
  }

  function hear(text: string, listen: (text: string) => void): void {
    const frame: Frame = JSON.parse(text);
    const id = String(frame.request_id);
    const answers = frame.type === 'error' || routeOf(frame.type)?.kind === 'reply';
    heard(text);
    through('event', () => {
      commands.delete(id);
      if (!answers || !isDelivery(frame.request_id)) return listen(text);
      if (frame.accepted === true) taken(Number(id.split(':')[1]));
      through('taken', () => {
        deliveries.delete(id);
        listen(text);
      });
    });
  }

  return {
    open: { deliveries, commands },
    pipe: {
      get unsent() {
        return pipe.unsent;
      },
      get open() {
        return pipe.open;
      },
      send,
      close: (code, reason) => pipe.close(code, reason),
      listen: (listener) =>
        pipe.listen({
          message: (text) => hear(text, (heard) => listener.message(heard)),
          closed: (why) => listener.closed(why),
          drained: () => listener.drained?.(),
        }),
    },
  };
}
