import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { job, lines } from './repository.ts';
import { type Job, startJob } from './stand.ts';
import { told } from './story.ts';

// One cell of a notebook is wrong. Once the runtime dies when the file is written and the result is not yet known to anybody.

const notebook = (source: string, ran: boolean) =>
  `${JSON.stringify(
    {
      cells: [
        { cell_type: 'markdown', id: 'title', metadata: {}, source: ['# Means'] },
        {
          cell_type: 'code',
          execution_count: ran ? 1 : null,
          id: 'mean',
          metadata: {},
          outputs: ran ? [{ name: 'stdout', output_type: 'stream', text: ['3.0\n'] }] : [],
          source: ['def mean(values):\n', source],
        },
      ],
      metadata: { language_info: { name: 'python' } },
      nbformat: 4,
      nbformat_minor: 5,
    },
    null,
    1,
  )}\n`;
const right = '    return sum(values) / len(values)';
const files = {
  'means.ipynb': notebook('    return sum(values) / 2', true),
  'test_means.py': lines(
    'import json',
    'import unittest',
    '',
    '',
    'class Means(unittest.TestCase):',
    '    def test_three_values(self):',
    '        space = {}',
    '        with open("means.ipynb") as file:',
    '            for cell in json.load(file)["cells"]:',
    '                if cell["cell_type"] == "code":',
    '                    exec("".join(cell["source"]), space)',
    '        self.assertEqual(space["mean"]([1, 2, 3]), 2)',
  ),
};
const test = 'echo tested >> runs.log; python3 -m unittest 2>&1';
const scripts = {
  mean: [
    { calls: [{ name: 'Read', arguments: { file_path: 'means.ipynb' } }] },
    {
      calls: [
        {
          name: 'NotebookEdit',
          arguments: {
            notebook_path: 'means.ipynb',
            cell_id: 'mean',
            new_source: `def mean(values):\n${right}`,
          },
        },
      ],
    },
    { calls: [{ name: 'Bash', arguments: { command: test } }] },
    { text: 'It divides by how many there are now.' },
  ],
};

async function mended(dies: string | undefined, edited: string) {
  const work = await startJob({
    files,
    language: 'python3',
    wire: 'anthropic',
    scripts,
    ...(dies && { dies }),
  });
  const done = work.say('The mean of three values is wrong. #script=mean');
  const written = dies ? await afterDeath(work) : undefined;
  expect(await done).toBe('done');
  expect(work.asked).toEqual(['NotebookEdit means.ipynb', `Bash ${test}`]);
  expect(work.read('means.ipynb')).toBe(notebook(right, false));
  if (written) expect(inode(work), 'it is not written again').toBe(written);
  expect(work.read('runs.log')).toBe('tested\n');
  expect(work.diff()).toBe(
    lines(
      'diff --git a/means.ipynb b/means.ipynb',
      '--- a/means.ipynb',
      '+++ b/means.ipynb',
      '@@ -10,21 +10,13 @@',
      '   },',
      '   {',
      '    "cell_type": "code",',
      '-   "execution_count": 1,',
      '+   "execution_count": null,',
      '    "id": "mean",',
      '    "metadata": {},',
      '-   "outputs": [',
      '-    {',
      '-     "name": "stdout",',
      '-     "output_type": "stream",',
      '-     "text": [',
      '-      "3.0\\n"',
      '-     ]',
      '-    }',
      '-   ],',
      '+   "outputs": [],',
      '    "source": [',
      '     "def mean(values):\\n",',
      '-    "    return sum(values) / 2"',
      `+    "${right}"`,
      '    ]',
      '   }',
      '  ],',
    ),
  );
  expect(await work.story()).toEqual(
    told(
      'user The mean of three values is wrong.',
      'call Read',
      /^success [\s\S]*# Means/,
      'call NotebookEdit',
      edited,
      'call Bash',
      /^success [\s\S]*Ran 1 test [\s\S]*OK/,
      'assistant It divides by how many there are now.',
    ),
  );
}

async function afterDeath(work: Job): Promise<number> {
  await work.died();
  expect(work.kept().at(-1), 'it was begun, and did not end').toBe('tool_started');
  const written = inode(work);
  await work.start();
  return written;
}

/** Every write puts another file in the place. */
const inode = ({ repository }: Job) => statSync(join(repository, 'means.ipynb')).ino;

describe('a notebook is mended', () => {
  job('python3', 'by an agent whom nobody disturbs', () =>
    mended(undefined, 'success Replaced the text of cell 2'),
  );

  job('python3', 'by one whose runtime is killed after the write and before its result', () =>
    mended(
      'written:means.ipynb',
      'success NotebookEdit was done just before the runtime was restarted: its changes are on the disk.',
    ),
  );
});
