import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Git, job, lines, writeFiles } from './repository.ts';
import { type Job, startJob } from './stand.ts';
import { told } from './story.ts';

// Two branches changed the same line. Once the runtime is killed while the command runs that tests what became of them.

const limits = (...names: readonly string[]) => `export const limits = { ${names.join(', ')} };\n`;
const files = {
  'package.json': '{ "type": "module" }\n',
  'limits.js': limits('users: 10'),
  'limits.test.js': lines(
    "import assert from 'node:assert/strict';",
    "import { test } from 'node:test';",
    "import { limits } from './limits.js';",
    '',
    "test('has room for some', () => assert.ok(limits.users >= 10));",
  ),
};

function collide(git: Git, folder: string): void {
  const commit = (message: string, content: string) => {
    writeFiles(folder, { 'limits.js': content });
    git('commit', '-qam', message);
  };
  git('checkout', '-q', '-b', 'files');
  commit('Limit files', limits('users: 10', 'files: 5'));
  git('checkout', '-q', 'main');
  commit('More users', limits('users: 20'));
  expect(() => git('merge', '-q', 'files')).toThrow('merge');
}

const run = (command: string) => [{ name: 'RunShellCommand', arguments: { command } }];
const tests = 'node --test --test-reporter=tap';
const waitAndTest = `echo tested >> runs.log; while [ -e hold ]; do sleep 0.1; done; ${tests}`;
const commit = "git commit -qam 'Merge files'";
const scripts = {
  merge: [
    { calls: run('git status --short') },
    { calls: [{ name: 'ReadFileGemini', arguments: { file_path: 'limits.js' } }] },
    {
      text: 'Both are meant: more users, and files.',
      calls: [
        {
          name: 'WriteFileGemini',
          arguments: { file_path: 'limits.js', content: limits('users: 20', 'files: 5') },
        },
      ],
    },
    { calls: run(waitAndTest) },
    { text: 'I look how it stands.', calls: run(tests) },
    { calls: run(commit) },
    { text: 'It is merged.' },
  ],
};

async function merged(during: (work: Job) => Promise<void>, firstTest: RegExp) {
  const before = (git: Git, folder: string) => {
    collide(git, folder);
    writeFiles(folder, { '.git/info/exclude': 'runs.log\nhold\n' });
  };
  const work = await startJob({
    files,
    language: 'node',
    wire: 'google',
    scripts,
    mode: 'acceptEdits',
    before,
  });
  const hold = join(work.repository, 'hold');
  writeFileSync(hold, '');
  const done = work.say('Resolve the conflict. #script=merge');
  await expect.poll(() => work.read('runs.log'), { timeout: 20_000 }).toBe('tested\n');
  await during(work);
  rmSync(hold);
  if (!work.isOwned()) await work.start();
  expect(await done).toBe('done');
  expect(work.read('runs.log'), 'the command ran once').toBe('tested\n');
  expect(work.asked).toEqual([waitAndTest, tests, commit].map((one) => `RunShellCommand ${one}`));
  expect(work.git('log', '-1', '--format=%s, %an', '--merges')).toBe('Merge files, A Person\n');
  expect(work.git('status', '--short')).toBe('');
  expect(work.diff()).toBe(
    lines(
      'diff --git a/limits.js b/limits.js',
      '--- a/limits.js',
      '+++ b/limits.js',
      '@@ -1 +1 @@',
      '-export const limits = { users: 10 };',
      '+export const limits = { users: 20, files: 5 };',
    ),
  );
  expect(await work.story()).toEqual(
    told(
      'user Resolve the conflict.',
      'call RunShellCommand',
      'success UU limits.js',
      'call ReadFileGemini',
      /^success [\s\S]*<<<<<<< HEAD[\s\S]*>>>>>>> files/,
      'assistant Both are meant',
      'call WriteFileGemini',
      'success Overwrote limits.js',
      'call RunShellCommand',
      firstTest,
      'assistant I look how it stands.',
      'call RunShellCommand',
      /^success [\s\S]*# pass 1\n# fail 0/,
      'call RunShellCommand',
      'success',
      'assistant It is merged.',
    ),
  );
}

describe('a merge conflict is resolved', () => {
  job('node', 'by an agent whom nobody disturbs', () =>
    merged(async () => undefined, /^success [\s\S]*# pass 1\n# fail 0/),
  );

  job('node', 'by one whose runtime is killed while a command runs', () =>
    merged(
      (work) => work.kill(),
      /^error The runtime was restarted while RunShellCommand ran: it may have run, in whole, in part, or not at all/,
    ),
  );
});
