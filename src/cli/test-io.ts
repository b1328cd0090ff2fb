import { PassThrough, Writable } from 'node:stream';
import type { Io } from './program/io.ts';

/** A world for a command: what it prints is kept, and a test presses its keys. */
export type TestIo = Io & {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when that was printed, on either side. */
  until(text: string): Promise<void>;
  type(text: string): void;
  interrupt(signal?: 'SIGINT' | 'SIGTERM'): void;
};

export type TestIoOptions = {
  readonly env?: Io['env'];
  readonly cwd?: string;
  readonly tty?: boolean;
  /** All of standard input; without it nothing comes and it stays open. */
  readonly input?: string;
};

export function testIo({ env = {}, cwd = '/', tty = false, input }: TestIoOptions = {}): TestIo {
  const printed = { out: '', err: '' };
  const looks = new Set<() => void>();
  const interrupts = new Set<(signal: 'SIGINT' | 'SIGTERM') => void>();
  const sink = (side: 'out' | 'err') =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          printed[side] += chunk.toString();
          for (const look of looks) look();
          done();
        },
      }),
      { isTTY: tty, columns: 80 },
    );
  const keys = Object.assign(new PassThrough(), { isTTY: tty });
  if (input !== undefined) keys.end(input);
  return {
    in: keys,
    out: sink('out'),
    err: sink('err'),
    env,
    cwd,
    onInterrupt(listener) {
      interrupts.add(listener);
      return () => void interrupts.delete(listener);
    },
    stdout: () => printed.out,
    stderr: () => printed.err,
    until: (text) =>
      new Promise((found) => {
        const look = () => {
          if (!`${printed.out}\n${printed.err}`.includes(text)) return;
          looks.delete(look);
          found();
        };
        looks.add(look);
        look();
      }),
    type: (text) => void keys.write(text),
    interrupt(signal = 'SIGINT') {
      for (const listener of interrupts) listener(signal);
    },
  };
}
