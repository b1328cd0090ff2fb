import type { Clock, Timer } from '../../link/clock.ts';
import type { Frame } from '../../protocol/frames.ts';
import { type Scope, scopeKey } from '../../protocol/shapes.ts';
import { type Presence, presenceFrame } from './presence.ts';
import {
  deviceStatusSnapshot,
  loopStatusSnapshot,
  queueSnapshot,
  type View,
  waitsForDevice,
} from './snapshot.ts';

/** What waits is told again this often (SYNC-3). */
const againMs = 30_000;
/** A queue that changes at every turn of the event loop is told this often. */
const queueMs = 100;

export type RestatingOptions = {
  readonly clock: Clock;
  view(scope: Scope): View;
  /** The conversations that somebody watches. */
  followed(): Iterable<Scope>;
  say(frame: Frame): void;
  trouble(what: string, error: unknown): void;
};

/** [SYNC-3] Tells those who watch how things are when no event of the device does: that it is away or back, and what waits for it. */
export class Restating {
  readonly #options: RestatingOptions;
  readonly #queues = new Map<string, { readonly timer: Timer; again: boolean }>();
  #again: Timer | null = null;

  constructor(options: RestatingOptions) {
    this.#options = options;
  }

  /** From now on what waits is told while the device is away. */
  begin({ online }: Presence): void {
    this.#again?.cancel();
    this.#again = online ? null : this.#options.clock.after(againMs, () => this.#tellAgain());
  }

  /**
   * The device came or went: whoever asked before was told that things wait for it, or that they do not; and what was on its way to the
   * device waits here again.
   */
  presence(presence: Presence): void {
    this.#options.say(presenceFrame(presence));
    this.states();
    this.begin(presence);
  }

  /** How things are with whatever is watched. */
  states(): void {
    const { say } = this.#options;
    this.#eachFollowed((view) => {
      say(deviceStatusSnapshot(view));
      say(loopStatusSnapshot(view));
      say(queueSnapshot(view));
    });
  }

  /** What waits here for a conversation has changed. */
  queue(scope: Scope): void {
    const key = scopeKey(scope);
    const quiet = this.#queues.get(key);
    if (quiet) {
      quiet.again = true;
      return;
    }
    this.#tell(() => {
      const view = this.#options.view(scope);
      this.#options.say(queueSnapshot(view));
      if (!view.presence.online) this.#options.say(loopStatusSnapshot(view));
    });
    const timer = this.#options.clock.after(queueMs, () => {
      const { again } = this.#queues.get(key) ?? { again: false };
      this.#queues.delete(key);
      if (again) this.queue(scope);
    });
    this.#queues.set(key, { timer, again: false });
  }

  stop(): void {
    this.#again?.cancel();
    for (const { timer } of this.#queues.values()) timer.cancel();
    this.#queues.clear();
  }

  #tellAgain(): void {
    this.#eachFollowed((view) => {
      if (waitsForDevice(view)) this.#options.say(loopStatusSnapshot(view));
    });
    this.#again = this.#options.clock.after(againMs, () => this.#tellAgain());
  }

  #eachFollowed(tell: (view: View) => void): void {
    this.#tell(() => {
      for (const scope of [...this.#options.followed()]) tell(this.#options.view(scope));
    });
  }

  /** Nobody asked, so nobody could be answered with the failure. */
  #tell(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#options.trouble('how things are could not be told', error);
    }
  }
}
