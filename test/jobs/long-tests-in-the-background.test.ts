import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { job, lines } from './repository.ts';
import { startJob } from './stand.ts';
import { told } from './story.ts';

// Tests that take long run in the background. The turn is over; when they end, their failure begins another one, in which it is mended.

const files = {
  'package.json': '{ "type": "module" }\n',
  'days.js': 'export const days = (year) => (year % 4 === 0 ? 366 : 365);\n',
  'days.test.js': lines(
    "import assert from 'node:assert/strict';",
    "import { test } from 'node:test';",
    "import { days } from './days.js';",
    '',
    "test('leaps', () => assert.equal(days(2024), 366));",
    "test('leaps not in 1900', () => assert.equal(days(1900), 365));",
  ),
};
const tests = 'node --test --test-reporter=tap';
// Bounded, so that a failed test leaves nothing running.
const long = `echo began >> runs.log; n=0; while [ ! -e go ] && [ $((n += 1)) -lt 600 ]; do sleep 0.05; done; rm go; ${tests}`;
const leap = 'year % 4 === 0';
const scripts = {
  long: [
    {
      calls: [
        {
          name: 'Bash',
          arguments: { command: long, description: 'All the tests', run_in_background: true },
        },
      ],
    },
    { text: 'They run. I go on when they are through.' },
    {
      text: 'One fails.',
      calls: [
        {
          name: 'Edit',
          arguments: {
            file_path: 'days.js',
            old_string: leap,
            new_string: `${leap} && (year % 100 !== 0 || year % 400 === 0)`,
          },
        },
      ],
    },
    { calls: [{ name: 'Bash', arguments: { command: tests } }] },
    { text: 'Both pass now.' },
  ],
};

describe('long tests', () => {
  job('node', 'run in the background, and their end begins a turn', async () => {
    const work = await startJob({ files, language: 'node', wire: 'openai-chat', scripts });
    expect(await work.say('Run all the tests and mend what fails. #script=long')).toBe('done');
    await work.rests(1);
    await expect.poll(() => work.read('runs.log'), { timeout: 10_000 }).toBe('began\n');
    writeFileSync(join(work.repository, 'go'), '');
    await work.rests(2);
    expect(work.read('runs.log')).toBe('began\n');
    expect(work.asked).toEqual([`Bash ${long}`, 'Edit days.js', `Bash ${tests}`]);
    expect(work.diff()).toBe(
      lines(
        'diff --git a/days.js b/days.js',
        '--- a/days.js',
        '+++ b/days.js',
        '@@ -1 +1 @@',
        '-export const days = (year) => (year % 4 === 0 ? 366 : 365);',
        '+export const days = (year) => (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 366 : 365);',
      ),
    );
    expect(await work.story()).toEqual(
      told(
        'user Run all the tests',
        'call Bash',
        'success Started in the background as task-',
        'assistant They run.',
        /^user <task-notification>\n[\s\S]*<title>All the tests<\/title>\n<status>error<\/status>\n[\s\S]*Exit code 1\n[\s\S]*# pass 1\n# fail 1/,
        'assistant One fails.',
        'call Edit',
        'success Edited days.js',
        'call Bash',
        /^success [\s\S]*# pass 2\n# fail 0/,
        'assistant Both pass now.',
      ),
    );
  });
});
