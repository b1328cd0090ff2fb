import type { Frame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';

const most = 10_000;

/** Commands that wait while a device is greeted; bounded, since nobody has to answer them meanwhile. */
export class Held {
  #frames: Frame[] = [];
  #bytes = 0;

  /** False when there is no more room. */
  add(frame: Frame): boolean {
    this.#bytes += JSON.stringify(frame).length;
    this.#frames.push(frame);
    return this.#frames.length < most && this.#bytes < limits.ring;
  }

  /** Everything, oldest first. */
  take(): readonly Frame[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    return frames;
  }
}
