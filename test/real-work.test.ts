import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ModelServer, startModelServer } from '../src/testing/model-server.ts';

// A piece of work on a real repository, this one: a turn reads and searches, edits, adds a test, is approved from a second terminal, is
// aborted while a command runs, goes on in a second turn, and leaves exactly the change that was meant.

const root = resolve(import.meta.dirname, '..');
const farhand = join(root, 'bin', 'farhand');
const place = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-work-')));
const repository = join(place, 'repository');
const started: ChildProcess[] = [];

const anchor = 'const alphabet =';
const addition = '/** Crockford base 32: no I, L, O, U. */\n';
const newTest = [
  "import { expect, it } from 'vitest';",
  "import { ulid } from './ulid.ts';",
  '',
  "it('sorts by time', () => {",
  '  expect([ulid(2), ulid(1)].sort()[0]?.slice(0, 10)).toBe(ulid(1).slice(0, 10));',
  '});',
  '',
].join('\n');

const scripts = {
  work: [
    {
      text: 'I look around first.',
      calls: [
        { name: 'Read', arguments: { file_path: 'src/runtime/ulid.ts' } },
        { name: 'Grep', arguments: { pattern: 'ulid\\(', path: 'src', output_mode: 'files_with_matches' } },
      ],
    },
    {
      calls: [
        {
          name: 'Edit',
          arguments: { file_path: 'src/runtime/ulid.ts', old_string: anchor, new_string: addition + anchor },
        },
      ],
    },
    {
      calls: [
        { name: 'Write', arguments: { file_path: 'src/runtime/ulid-order.test.ts', content: newTest } },
      ],
    },
    { calls: [{ name: 'Bash', arguments: { command: 'echo started > started.log; sleep 300' } }] },
  ],
  finish: [
    {
      calls: [
        {
          name: 'Bash',
          arguments: {
            command: 'node_modules/.bin/vitest run src/runtime/ulid-order.test.ts; rm started.log',
          },
        },
      ],
    },
    { text: 'The test passes.' },
  ],
};

/** A confined command has a /tmp of its own, and may not write through a link that leads out of the project. */
function lendModules(from: string, to: string): void {
  if (from.startsWith(`${tmpdir()}/`)) {
    execFileSync('cp', ['-al', from, to]);
    return;
  }
  mkdirSync(to);
  for (const name of readdirSync(from).filter((one) => !one.startsWith('.vite')))
    symlinkSync(join(from, name), join(to, name));
}

let model: ModelServer;
beforeAll(async () => {
  execFileSync('git', ['clone', '-q', root, repository]);
  lendModules(join(root, 'node_modules'), join(repository, 'node_modules'));
  writeFileSync(join(repository, '.git', 'info', 'exclude'), 'node_modules\n');
  model = await startModelServer({ scripts });
});
afterAll(async () => {
  for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
  await model.close();
  rmSync(place, { recursive: true, force: true });
});

function terminal(...args: string[]) {
  const child = spawn(process.execPath, [farhand, ...args], {
    cwd: repository,
    env: {
      PATH: process.env.PATH,
      HOME: place,
      FARHAND_HOME: join(place, 'home'),
      FARHAND_MODEL: 'openai-compatible/scripted-model',
      OPENAI_BASE_URL: model.url,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  const ended = once(child, 'close').then(([code]) => ({ code, output }));
  return { child, ended, output: () => output };
}

/** Waits in a second terminal until the work in the first one asks for that tool, and allows it. */
async function allow(tool: string, work: ReturnType<typeof terminal>): Promise<void> {
  for (;;) {
    if (work.child.exitCode !== null)
      throw new Error(`it ended before it asked for ${tool}: ${work.output()}`);
    const { output } = await terminal('approvals', 'ls', '--json').ended;
    const { approvals } = JSON.parse(output) as { approvals: { id: string; tool: string }[] };
    const waiting = approvals.find((one) => one.tool === tool);
    if (!waiting) continue;
    expect(await terminal('approvals', 'allow', waiting.id).ended).toMatchObject({ code: 0 });
    return;
  }
}

const prompt = (text: string, ...more: string[]) =>
  terminal(
    '-p',
    text,
    '--approve',
    'wait',
    '--conversation',
    'conv-work',
    '--output-format',
    'stream-json',
    ...more,
  );
const git = (...args: string[]) => execFileSync('git', args, { cwd: repository, encoding: 'utf8' });

it('reads, edits, tests, is approved elsewhere, aborted and resumed, and leaves the meant change', {
  timeout: 120_000,
}, async () => {
  const first = prompt('Note where the alphabet comes from, and test the order. #script=work', '--new');
  await allow('Edit', first);
  await allow('Write', first);
  await allow('Bash', first);
  await expect.poll(() => existsSync(join(repository, 'started.log')), { timeout: 20_000 }).toBe(true);
  first.child.kill('SIGINT');
  expect(await first.ended).toMatchObject({ code: 130 });

  const second = prompt('Go on. #script=finish');
  await allow('Bash', second);
  const { code, output } = await second.ended;
  expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('The test passes.') });
  expect(output).toMatch(/1 passed/);

  const before = readFileSync(join(root, 'src/runtime/ulid.ts'), 'utf8');
  expect(readFileSync(join(repository, 'src/runtime/ulid.ts'), 'utf8')).toBe(
    before.replace(anchor, addition + anchor),
  );
  expect(readFileSync(join(repository, 'src/runtime/ulid-order.test.ts'), 'utf8')).toBe(newTest);
  expect(git('status', '--porcelain').trim().split('\n').sort()).toEqual([
    '?? src/runtime/ulid-order.test.ts',
    'M src/runtime/ulid.ts',
  ]);
  expect(model.refusals).toEqual([]);
});
