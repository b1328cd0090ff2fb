import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chaosScripts } from '../../src/testing/chaos-scripts.ts';
import { end } from './farhand.ts';

export type ModelProcess = {
  readonly url: string;
  /** Ends it as if by a crash; what it was saying breaks off. */
  kill(): Promise<void>;
  /** Starts it again at the same address. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

/** The scripted model server in a process of its own. */
export async function modelProcess(): Promise<ModelProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-model-'));
  const scripts = join(folder, 'scripts.json');
  writeFileSync(scripts, JSON.stringify(chaosScripts));
  let { child, url } = await start(scripts, 0);
  return {
    url,
    kill: () => end(child, 'SIGKILL'),
    async restart() {
      ({ child, url } = await start(scripts, Number(new URL(url).port)));
    },
    async close() {
      await end(child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function start(scripts: string, port: number): Promise<{ child: ChildProcess; url: string }> {
  const args = ['src/testing/model-server-main.ts', '--scripts', scripts, '--port', String(port)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('the model server did not start'))),
  ]);
  return { child, url: JSON.parse(line).url };
}
