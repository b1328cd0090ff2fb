import { setTimeout as pause } from 'node:timers/promises';
import { moments } from '../../src/testing/chaos-schedule.ts';

/** What befalls a process, or somebody else. */
export type Blow<Hit> = {
  /** It comes so long after a client was told that, or when it was not for long; null: after the blow before it. */
  readonly moment: keyof typeof moments | null;
  readonly afterMs: number;
  readonly hit: Hit;
};

const patienceMs = 2_000;

/** Strikes when a client is told what a blow waits for. */
export class Striker {
  readonly #note: (what: string) => void;
  #look: (text: string) => void = () => undefined;
  #over = false;

  constructor(note: (what: string) => void) {
    this.#note = note;
  }

  /** A client was told this. */
  sighted(text: string): void {
    this.#look(text);
  }

  async strike<Hit>(blows: readonly Blow<Hit>[], hit: (what: Hit) => Promise<void>): Promise<void> {
    for (const blow of blows) {
      const { moment, afterMs } = blow;
      if (moment) await this.#sight(moments[moment]);
      if (this.#over) return;
      await pause(afterMs);
      const what = typeof blow.hit === 'string' ? blow.hit : 'a blow';
      this.#note(`${what} ${afterMs} ms after ${moment ?? 'the last one'}`);
      await hit(blow.hit);
    }
  }

  /** What has not come yet does not come any more. */
  end(): void {
    this.#over = true;
    this.#look('');
  }

  /** Until a client is told something like it, or for long enough. */
  #sight(pattern: string): Promise<void> {
    if (this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#look = (text) => {
        if (!this.#over && !text.includes(pattern)) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
