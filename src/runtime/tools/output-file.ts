import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Most characters of a result's text. */
export const maxOutput = 30_000;

/** Most bytes that half of a result can take in UTF-8: three for each UTF-16 unit. */
const halfBytes = (maxOutput / 2) * 3;

/** Most bytes that are looked at for lines at once. */
const largestRead = 64 * 1024;

/** Where a call's output goes: a file, so that the command never waits for a reader. */
export function outputPath(scratch: string, callId: string): string {
  return join(scratch, `${encodeURIComponent(callId)}.out`);
}

/** Removes output that nobody has written to since `before` (milliseconds since the epoch); what is newer an agent may still want to read. */
export async function removeOldOutput(scratch: string, before: number): Promise<void> {
  for (const name of await readdir(scratch)) {
    const path = join(scratch, name);
    if (name.endsWith('.out') && (await stat(path)).mtimeMs < before) await rm(path, { force: true });
  }
}

/** Replaces halves of characters that cutting left over: providers refuse them. */
export const wellFormed = (text: string): string => Buffer.from(text).toString();

/** The output of one command, still growing or complete. */
export class OutputFile {
  readonly path: string;
  readonly #file: FileHandle;
  #largest = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<OutputFile> {
    // One left by an earlier call of the same id may still be written to by a survivor: it keeps its own file.
    await rm(path, { force: true });
    // Appending, so that standard output and error never write over each other.
    return new OutputFile(path, await open(path, 'ax+', 0o600));
  }

  /** One that is there already, to be read. Rejects as the system does. */
  static async open(path: string): Promise<OutputFile> {
    return new OutputFile(path, await open(path, 'r'));
  }

  /** For the child, as its standard output and error. */
  get fd(): number {
    return this.#file.fd;
  }

  async size(): Promise<number> {
    const { size } = await this.#file.stat();
    this.#largest = Math.max(this.#largest, size);
    return size;
  }

  /** The text so far; its head and tail when it is longer than `maxOutput`. */
  async read(): Promise<{ readonly text: string; readonly cut: boolean }> {
    const size = await this.size();
    const emptied =
      size < this.#largest ? '[The command emptied its own output; what it wrote earlier is gone.]\n' : '';
    if (size <= halfBytes * 2) {
      const whole = decode(await this.#bytes(0, size));
      if (whole.length <= maxOutput) return { text: emptied + whole, cut: false };
    }
    const head = decode(await this.#bytes(0, Math.min(halfBytes, size))).slice(0, maxOutput / 2);
    const tail = decode(await this.#bytes(Math.max(size - halfBytes, 0), size)).slice(-maxOutput / 2);
    const left = size - Buffer.byteLength(head) - Buffer.byteLength(tail);
    const note = `\n[… about ${Math.max(left, 1)} of ${size} bytes are left out here; the whole output is in ${this.path} (use Bash with head, tail or grep) …]\n`;
    return { text: emptied + wellFormed(head) + note + wellFormed(tail), cut: true };
  }

  /** The whole lines after the byte `at`, the beginning of them where they are many, and the byte that comes next. */
  async linesFrom(at: number, most: number): Promise<{ readonly text: string; readonly next: number }> {
    const size = await this.size();
    // It was emptied: what comes now is new.
    const from = size < at ? 0 : at;
    const bytes = await this.#bytes(from, Math.min(size, from + largestRead));
    const end = bytes.lastIndexOf(0x0a) + 1;
    const whole = end > 0 ? end : bytes.length < largestRead ? 0 : bytes.length;
    const text = decode(bytes.subarray(0, whole)).trimEnd();
    const shown = text.length > most ? `${wellFormed(text.slice(0, most))}\n[more is in ${this.path}]` : text;
    return { text: shown, next: from + whole };
  }

  async close(keep: boolean): Promise<void> {
    await this.#file.close();
    if (!keep) await rm(this.path, { force: true });
  }

  async #bytes(from: number, to: number): Promise<Buffer> {
    const buffer = Buffer.alloc(to - from);
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await this.#file.read(buffer, filled, buffer.length - filled, from + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }
}

/** What is not UTF-8 shows as U+FFFD. */
const decode = (bytes: Buffer): string => bytes.toString('utf8');
