import { describe, expect } from 'vitest';
import { job, lines } from './repository.ts';
import { type Job, startJob } from './stand.ts';
import { told } from './story.ts';

// The person says that a test fails. The agent runs it, reads, mends, runs it again. Once its runtime is killed while the model speaks.

const files = {
  'package.json': '{ "type": "module" }\n',
  'price.js': 'export const total = (prices) => prices.reduce((sum, price) => sum - price, 0);\n',
  'price.test.js': lines(
    "import assert from 'node:assert/strict';",
    "import { test } from 'node:test';",
    "import { total } from './price.js';",
    '',
    "test('adds up', () => assert.equal(total([1, 2, 3]), 6));",
  ),
};
const runTests = {
  name: 'Bash',
  arguments: { command: 'echo tested >> runs.log; node --test --test-reporter=tap' },
};
const mend = {
  file_path: 'price.js',
  old_string: 'sum - price',
  new_string: 'sum + price',
};
const scripts = {
  fix: [
    { text: 'First I run the tests.', calls: [runTests] },
    {
      text: 'The sum goes the wrong way, I think, so I look.',
      pieces: 8,
      hold: 'thinking',
      holdAfter: 4,
      calls: [{ name: 'Read', arguments: { file_path: 'price.js' } }],
    },
    { calls: [{ name: 'Edit', arguments: mend }] },
    { calls: [runTests] },
    { text: 'The test passes: the prices were taken away from the sum.' },
  ],
};

async function fixed(during: (work: Job) => Promise<void>) {
  const work = await startJob({ files, language: 'node', wire: 'openai-chat', scripts });
  const done = work.say('The test of the prices fails. Mend it. #script=fix');
  await work.models.onHeld('thinking');
  await during(work);
  work.models.release('thinking');
  expect(await done).toBe('done');
  expect(work.diff()).toBe(
    lines(
      'diff --git a/price.js b/price.js',
      '--- a/price.js',
      '+++ b/price.js',
      '@@ -1 +1 @@',
      '-export const total = (prices) => prices.reduce((sum, price) => sum - price, 0);',
      '+export const total = (prices) => prices.reduce((sum, price) => sum + price, 0);',
    ),
  );
  expect(work.read('runs.log')).toBe('tested\ntested\n');
  expect(work.asked).toEqual([
    `Bash ${runTests.arguments.command}`,
    'Edit price.js',
    `Bash ${runTests.arguments.command}`,
  ]);
  expect(await work.story()).toEqual(
    told(
      'user The test of the prices fails.',
      'assistant First I run the tests.',
      'call Bash',
      /^error Exit code 1\n[\s\S]*# fail 1/,
      'assistant The sum goes the wrong way, I think, so I look.',
      'call Read',
      'success      1\texport const total',
      'call Edit',
      'success Edited price.js: 1 replacement',
      'call Bash',
      /^success [\s\S]*# pass 1\n# fail 0/,
      'assistant The test passes: the prices were taken away from the sum.',
    ),
  );
  return work;
}

describe('a failing test is mended', () => {
  job('node', 'by an agent whom nobody disturbs', async () => {
    const { models } = await fixed(async () => undefined);
    expect(models.requests).toHaveLength(5);
  });

  job('node', 'by one whose runtime is killed during the answer of the model', async () => {
    const { models } = await fixed(async (work) => {
      await work.kill();
      await work.start();
    });
    expect(models.requests, 'what was half said is asked for again').toHaveLength(6);
  });
});
