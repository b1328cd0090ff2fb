import type { Readable, Writable } from 'node:stream';
import type { Variables } from '../../runtime/models/handles.ts';
import { type Style, styleFor } from './style.ts';

type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };
type Input = Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
export type Interrupt = 'SIGINT' | 'SIGTERM';

/** What a command may touch of the world outside of its home, so that a test can be that world. */
export type Io = {
  readonly in: Input;
  readonly out: Output;
  readonly err: Output;
  readonly env: Variables;
  readonly cwd: string;
  /** Hears Ctrl-C and SIGTERM until the returned function is called; while nobody does, they end the process. */
  readonly onInterrupt: (listener: (signal: Interrupt) => void) => () => void;
};

export const processIo = (): Io => ({
  in: process.stdin,
  out: process.stdout,
  err: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  onInterrupt(listener) {
    process.on('SIGINT', listener);
    process.on('SIGTERM', listener);
    return () => {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    };
  },
});

export const outStyle = (io: Io): Style => styleFor(io.out, io.env);
export const errStyle = (io: Io): Style => styleFor(io.err, io.env);

/** One line to people, beside whatever the command prints. */
export const note = (io: Io, text: string): void => void io.err.write(`${text}\n`);
export const say = (io: Io, text: string): void => void io.out.write(`${text}\n`);

/** What JSON leaves as it is, and a terminal obeys or shows as something else. */
const misread = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const escaped = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** One value on one line. Whoever parses it gets every character; a terminal finds nothing in it to obey (SEC-6). */
export const sayJson = (io: Io, value: unknown): void =>
  say(io, JSON.stringify(value).replace(misread, escaped));
