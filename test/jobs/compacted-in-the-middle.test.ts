import { describe, expect } from 'vitest';
import { job, lines } from './repository.ts';
import { type Job, startJob } from './stand.ts';
import { told } from './story.ts';

// A model that can read little: in the middle of the turn the conversation is summarised, and what the person said meanwhile is worked
// with the summary. Once the runtime is killed while the summary is made.

const files = {
  'HISTORY.md': lines(
    ...Array.from({ length: 40 }, (_, n) => `- Release ${n}: parsing of durations was made better.`),
    // The request for a summary has the whole conversation in one message; its last mark chooses what the model says.
    'Marked for the scripted model: #script=summary',
  ),
  'durations.py': 'def seconds(text):\n    return int(text[:-1]) * {"s": 1, "m": 60}[text[-1]]\n',
  'test_durations.py': lines(
    'import unittest',
    '',
    'from durations import seconds',
    '',
    '',
    'class Durations(unittest.TestCase):',
    '    def test_minutes(self):',
    '        self.assertEqual(seconds("2m"), 120)',
  ),
};
const patch = lines(
  '*** Begin Patch',
  '*** Update File: durations.py',
  '@@',
  ' def seconds(text):',
  '-    return int(text[:-1]) * {"s": 1, "m": 60}[text[-1]]',
  '+    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]',
  '*** Update File: test_durations.py',
  '@@',
  '     def test_minutes(self):',
  '         self.assertEqual(seconds("2m"), 120)',
  '+',
  '+    def test_hours(self):',
  '+        self.assertEqual(seconds("2h"), 7200)',
  '*** End Patch',
);
const test = 'echo tested >> runs.log; python3 -m unittest 2>&1';
const shell = (command: string) => [{ name: 'ShellCommand', arguments: { command } }];
const scripts = {
  survey: [
    {
      text: 'I read what there is.',
      calls: shell('cat HISTORY.md'),
      usage: { input: 7_400, output: 30 },
    },
  ],
  summary: [
    { text: 'The person has a parser of durations. HISTORY.md was read.', hold: 'summing', holdAfter: 2 },
  ],
  hours: [
    { calls: [{ name: 'ApplyPatch', arguments: { input: patch } }] },
    { calls: shell(test) },
    { text: 'It knows hours now.' },
  ],
};

async function compacted(during: (work: Job) => Promise<void>, requests: number) {
  const work = await startJob({
    files,
    language: 'python3',
    wire: 'openai-responses',
    scripts,
    model: 'openai/gpt-4',
    mode: 'acceptEdits',
  });
  const first = work.say('What do you know of durations? #script=survey');
  await work.models.onHeld('summing');
  const second = work.say('And teach it hours. #script=hours');
  await work.waits(1);
  await during(work);
  work.models.release('summing');
  expect(await Promise.all([first, second])).toEqual(['done', 'done']);
  expect(work.models.requests).toHaveLength(requests);
  expect(work.asked).toEqual([`ShellCommand ${test}`]);
  expect(work.read('runs.log')).toBe('tested\n');
  expect(work.diff()).toBe(
    lines(
      'diff --git a/durations.py b/durations.py',
      '--- a/durations.py',
      '+++ b/durations.py',
      '@@ -1,2 +1,2 @@',
      ' def seconds(text):',
      '-    return int(text[:-1]) * {"s": 1, "m": 60}[text[-1]]',
      '+    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]',
      'diff --git a/test_durations.py b/test_durations.py',
      '--- a/test_durations.py',
      '+++ b/test_durations.py',
      '@@ -6,3 +6,6 @@ from durations import seconds',
      ' class Durations(unittest.TestCase):',
      '     def test_minutes(self):',
      '         self.assertEqual(seconds("2m"), 120)',
      '+',
      '+    def test_hours(self):',
      '+        self.assertEqual(seconds("2h"), 7200)',
    ),
  );
  expect(await work.story()).toEqual(
    told(
      'user What do you know of durations?',
      'assistant I read what there is.',
      'call ShellCommand {"command":"cat',
      'success - Release 0',
      /^summary The person has a parser of durations[\s\S]*word for word:\nWhat do you know of durations\?/,
      'user And teach it hours.',
      'call ApplyPatch',
      'success Updated durations.py',
      'call ShellCommand',
      /^success [\s\S]*Ran 2 tests [\s\S]*OK/,
      'assistant It knows hours now.',
    ),
  );
  const [after] = work.models.requests.slice(-3);
  expect(JSON.stringify(after?.body), 'the model reads the summary in place of the file').not.toContain(
    'Release 0',
  );
}

describe('a conversation that outgrows its model is summarised in the middle of the work', () => {
  job('python3', 'and goes on', () => compacted(async () => undefined, 5));

  job('python3', 'and goes on when its runtime is killed meanwhile', () =>
    compacted(async (work) => {
      await work.kill();
      expect(work.kept()).toContain('compaction_started');
      expect(work.kept()).not.toContain('compacted');
      await work.start();
    }, 6),
  );
});
