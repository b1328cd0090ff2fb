import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

describe('as its own process', () => {
  const main = join(import.meta.dirname, 'model-server-main.ts');

  async function launch(args: string[]) {
    const child = spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    const exit = once(child, 'exit');
    return { child, exit, lines: createInterface({ input: child.stdout }) };
  }

  async function listening(lines: AsyncIterable<string>): Promise<string> {
    for await (const line of lines) return z.strictObject({ url: z.url() }).parse(JSON.parse(line)).url;
    throw new Error('it ended without a line');
  }

  it('serves scripts from a file and ends when stdin closes, or on SIGTERM', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'model-server-'));
    try {
      const file = join(dir, 'scripts.json');
      await writeFile(file, JSON.stringify({ mine: [{ text: 'from a file' }] }));
      for (const end of ['stdin', 'SIGTERM'] as const) {
        const { child, exit, lines } = await launch(['--scripts', file, '--port', '0']);
        const url = await listening(lines);
        const response = await fetch(`${url}/chat/completions`, {
          method: 'POST',
          body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: '#script=mine' }] }),
        });
        expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'from a file' } }] });
        if (end === 'stdin') child.stdin.end();
        else child.kill('SIGTERM');
        expect(await exit).toEqual([0, null]);
      }
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('says what is wrong with its arguments', async () => {
    const { child, exit } = await launch(['--port', 'x']);
    const errors = createInterface({ input: child.stderr });
    const [line] = await once(errors, 'line');
    expect(line).toMatch(/--port wants a number/);
    expect(await exit).toEqual([1, null]);
  });
});
