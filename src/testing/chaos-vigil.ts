import { type Scope, scopeKey } from '../protocol/shapes.ts';
import type { ChaosClient, View } from './chaos-client.ts';

export type VigilOptions = {
  clients(): Iterable<ChaosClient>;
  /** Who is away now. */
  away(): 'device' | 'broker' | null;
  /** Whether something of a conversation waits, as far as the broker can know; and the messages that wait at the broker. */
  waits(scope: Scope): boolean;
  parked(scope: Scope): readonly string[];
  /** The broker has not heard yet what this client was told: what it says is older than that, and is not to be believed. */
  lags(view: View): boolean;
  broken(what: string): void;
};

const tickMs = 25;
/** Half a minute as clocks run in the relayed world, and something for a machine that is busy. */
const patience = 1_500 / tickMs + 24;
/** For what is told at once. */
const promptly = 30;

/**
 * Nothing waits without telling you: for as long as something waits for a device that is away, each client is told so every half a minute,
 * is shown what waits at the broker, and says which of the two is away. Time is counted in turns of the event loop, so that a
 * machine that stands still holds nobody up alone.
 */
export function keepVigil({ clients, away, waits, parked, lags, broken }: VigilOptions): {
  stop(): void;
  /** Whether anybody was watched for so long that it had to be said again. */
  readonly long: boolean;
} {
  const untold = new Map<View, { stated: number; ticks: number }>();
  const unshown = new Map<View, number>();
  const astray = new Map<ChaosClient, number>();
  let long = false;

  function watch(view: View): void {
    const isToldOf = away() === 'device' && view.synced && !lags(view);
    if (isToldOf && waits(view.scope)) expect(view);
    else untold.delete(view);
    const shown = new Set(view.transcript.queue.map((item) => item.client_message_id));
    const hidden = isToldOf ? parked(view.scope).filter((key) => !shown.has(key)) : [];
    const ticks = hidden.length === 0 ? 0 : (unshown.get(view) ?? 0) + 1;
    unshown.set(view, ticks);
    if (ticks !== promptly) return;
    broken(
      `waiting: ${hidden.join(', ')} waits at the broker for ${scopeKey(view.scope)}, and a client is not shown it`,
    );
  }

  function expect(view: View): void {
    const { stated, transcript } = view;
    const kind = transcript.loop?.waiting_for?.kind;
    const before = untold.get(view);
    if (before && (before.stated === stated || kind !== 'device')) before.ticks += 1;
    else untold.set(view, { stated, ticks: 0 });
    if (before && before.stated !== stated && before.ticks > promptly) long = true;
    if (before?.ticks !== patience) return;
    const what = `${scopeKey(view.scope)} waits for its device, and a client was told of that too long ago`;
    broken(`waiting: ${what}; it was last told of ${kind}`);
  }

  /** What a client can show of the way to its device. */
  function look(one: ChaosClient): void {
    const { broker, device } = one.client.state();
    const who = away();
    const wrong =
      (who === 'broker' && (broker.online || broker.why === null)) ||
      (who === 'device' && broker.online && device.online !== false);
    astray.set(one, wrong ? (astray.get(one) ?? 0) + 1 : 0);
    if (astray.get(one) === promptly) broken(`waiting: a client does not say that the ${who} is away`);
  }

  const timer = setInterval(() => {
    for (const one of clients()) {
      look(one);
      for (const view of one.views.values()) watch(view);
    }
  }, tickMs);
  return {
    stop: () => clearInterval(timer),
    get long() {
      return long;
    },
  };
}
