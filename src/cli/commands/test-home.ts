import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runProgram } from '../program/run.ts';
import { type TestIoOptions, testIo } from '../test-io.ts';
import { program } from './index.ts';

// The runtime reads it from the environment of its process: in tests the demo model is to answer.
process.env.FARHAND_MODEL = 'demo';

/** Nothing is looked for outside, and no key ends up in the keyring of whoever runs the tests. */
const atRest = { FARHAND_MODEL: 'demo', FARHAND_DISCOVER: '0', FARHAND_KEYS: 'file' };

/** Removed when the test is over. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-cli-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A home of its own; each command is a process's worth of farhand in it. */
export function aHome() {
  const folder = temporaryFolder();
  const env = { FARHAND_HOME: join(folder, '.farhand'), PATH: process.env.PATH, HOME: folder, ...atRest };
  const start = (argv: readonly string[], more: TestIoOptions = {}) => {
    const io = testIo({ cwd: folder, ...more, env: { ...env, ...more.env } });
    return { io, code: runProgram(argv, program, io) };
  };
  return {
    folder,
    start,
    async run(...argv: string[]) {
      const { io, code } = start(argv);
      return { code: await code, stdout: io.stdout(), stderr: io.stderr() };
    },
    /** With variables of its own, and with what is piped in. */
    async runWith(env: TestIoOptions['env'], argv: readonly string[], input?: string) {
      const { io, code } = start(argv, { env: env ?? {}, ...(input !== undefined && { input }) });
      return { code: await code, stdout: io.stdout(), stderr: io.stderr() };
    },
    async json(...argv: string[]) {
      const { io, code } = start([...argv, '--json']);
      await code;
      return JSON.parse(io.stdout());
    },
  };
}
