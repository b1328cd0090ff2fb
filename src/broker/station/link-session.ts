import type { Clock } from '../../link/clock.ts';
import { FRAME_TOO_LARGE } from '../../link/close-code.ts';
import { readFrame } from '../../link/read-frame.ts';
import type { Frame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { StoreError } from '../../sqlite/store-error.ts';
import type { DeviceDialect, Heard } from './device-dialect.ts';
import type { DeviceLink } from './device-link.ts';
import { type Greeting, greet, type Hello } from './handshake.ts';

/** A model may nest what it makes up deeper than a client may; no reader of such a frame runs out of stack here. */
const deepest = 1_000;

export type LinkOptions = {
  readonly link: DeviceLink;
  readonly dialect: DeviceDialect;
  readonly clock: Clock;
  /** What the broker says first, to a device that knows the extensions. */
  readonly hello: Frame;
  /** The device may be given commands; `hello` null: it says none. */
  up(hello: Hello | null): void;
  /** A frame that is not about the link itself. */
  heard(frame: Frame, text: string): void;
  /** Everything told so far is the feed up to there. */
  marked(position: number): void;
  alive(): void;
  drained(): void;
  ended(): void;
  trouble(what: string, error: unknown): void;
};

/**
 * One link of a device: its greeting, its signs of life, and the bounds of what it may say. A device that breaks the protocol loses its
 * link; nothing that it sends is ever thrown at anybody (LINK-4).
 */
export class LinkSession {
  readonly link: DeviceLink;
  readonly #options: LinkOptions;
  readonly #greeting: Greeting | null;
  readonly #told = new Set<string>();
  #phase: 'greeting' | 'up' | 'over' = 'greeting';
  #wasUp = false;

  constructor(options: LinkOptions) {
    const { link, clock, hello } = options;
    this.link = link;
    this.#options = options;
    const knows = link.speaks === 'farhand';
    this.#greeting = knows
      ? greet(clock, {
          ready: (said) => this.#up(said),
          refused: (reason) => this.#break(reason, null),
        })
      : null;
    link.pipe.listen({
      message: (text) => this.#guarded(() => this.#read(text)),
      drained: () => this.#guarded(options.drained),
      closed: () => this.#end(),
    });
    if (knows) this.#write(hello);
  }

  /** A device that says no hello is ready at once. */
  start(): void {
    if (!this.#greeting) this.#guarded(() => this.#up(null));
  }

  get up(): boolean {
    return this.#phase === 'up';
  }

  get wasUp(): boolean {
    return this.#wasUp;
  }

  /** Sends a stamped command in the device's dialect, which may answer it at once. */
  send(frame: Frame): void {
    for (const one of this.#options.dialect.toDevice(frame)) this.#write(one);
  }

  /** What a dialect says for its device. */
  hear({ frame, text }: Heard): void {
    this.#guarded(() => {
      if (this.up) this.#options.heard(frame, text ?? JSON.stringify(frame));
    });
  }

  /** Ends the link. Whatever it still says is not heard. */
  close(code: number, reason: string): void {
    if (this.#phase === 'over') return;
    this.link.pipe.close(code, reason);
    this.#end();
  }

  #up(hello: Hello | null): void {
    this.#phase = 'up';
    this.#wasUp = true;
    this.#options.up(hello);
  }

  #end(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#greeting?.stop();
    this.#options.dialect.close();
    this.#options.ended();
  }

  #write(frame: Frame): void {
    this.link.pipe.send(JSON.stringify(frame));
  }

  #read(text: string): void {
    if (this.#phase === 'over') return;
    this.#options.alive();
    const read = readFrame(text, { maxBytes: limits.frameFromDevice, maxDepth: deepest });
    if (!read.ok) {
      // The link stays: a device that has such an event in its feed would say it again on every link.
      if (read.code === 'frame_too_deep')
        return this.trouble(`a frame was passed over: ${read.message}`, null);
      return this.#break(read.message, null, read.code === 'frame_too_large' ? FRAME_TOO_LARGE : 1008);
    }
    const { frame } = read;
    if (frame.type === 'ping') return this.#pong();
    if (frame.type === 'pong') return;
    if (this.#greeting && !this.up) return this.#greeting.hear(frame);
    if (this.#greeting && frame.type === 'device_hello') return this.#break('device_hello came twice', null);
    if (this.#greeting && frame.type === 'feed_mark') return this.#mark(frame.position);
    for (const heard of this.#options.dialect.fromDevice(frame, text)) this.hear(heard);
  }

  #mark(position: unknown): void {
    if (Number.isSafeInteger(position) && Number(position) >= 0) this.#options.marked(Number(position));
    else this.#break('feed_mark must have a position', null);
  }

  /** [LINK-1] A device that reads no answers gets no more of them. */
  #pong(): void {
    const { clock, link } = this.#options;
    if (link.pipe.unsent < limits.unsent) this.#write({ type: 'pong', timestamp: clock.now() });
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      // What was told cannot be kept now: the device tells it again on its next link (SEQ-4).
      if (error instanceof StoreError) this.#break('what the device tells cannot be stored', error, 1012);
      else this.trouble('what the device said could not be worked', error);
    }
  }

  #break(reason: string, error: unknown, code = 1008): void {
    this.trouble(`the link was ended: ${reason}`, error);
    this.close(code, reason);
  }

  /** However often a device does something, it is told once of each link. */
  trouble(what: string, error: unknown): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#options.trouble(what, error);
  }
}
