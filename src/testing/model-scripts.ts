import type { Reply, Scripts } from './model-script.ts';

const call = (name: string, input: unknown): NonNullable<Reply['calls']> => [{ name, arguments: input }];
const bash = (command: string, extra: { timeout?: number } = {}) =>
  call('Bash', { command, description: 'A command of the script', ...extra });

const PARAGRAPH =
  'The scripted model says this in many parts, each of them short, because whoever reads along should see ' +
  'the words arrive one after another instead of all at once, and a test can count them on their way. Done.';
const FILE = '{{cwd|.}}/{{file|scripted.txt}}';

/**
 * The scripts every server knows. Parameters in the user message, each with a default: `cwd=` (a directory, default
 * the tool's own), `file=` for read, write and edit, `marker=` for touch, `text=` for bash.
 */
export const builtInScripts: Scripts = {
  short: [{ text: 'That is all there is.' }],
  text40: [{ text: PARAGRAPH, pieces: 40, chunkDelayMs: 5 }],
  delta2000: [{ text: 'tick '.repeat(2000), pieces: 2000 }],
  medium: [{ text: PARAGRAPH, pieces: 12, chunkDelayMs: 200 }],
  slow: [{ text: PARAGRAPH, pieces: 60, chunkDelayMs: 150 }],
  reasoning: [
    {
      reasoning: 'Consider what was asked, then choose the plain way to say it.',
      text: 'Here is the considered answer.',
    },
  ],
  bash: [
    { text: 'One command first.', calls: bash('umask 22; echo "{{text|said by the script}}"') },
    { text: 'The command is through.' },
  ],
  bashlong: [
    { calls: bash('umask 22; echo started; sleep 30; echo stopped', { timeout: 60_000 }) },
    { text: 'The long command is through.' },
  ],
  touch: [
    { calls: bash('touch "{{cwd|.}}/{{marker|touched.marker}}" && echo "marker is there"') },
    { text: 'The marker was asked for.' },
  ],
  read: [{ calls: call('Read', { file_path: FILE }) }, { text: 'That was the file.' }],
  write: [
    { calls: call('Write', { file_path: FILE, content: 'one\ntwo\nthree\n' }), argumentPieces: 8 },
    { text: 'The file was handed over.' },
  ],
  edit: [
    { calls: call('Read', { file_path: FILE }) },
    { calls: call('Edit', { file_path: FILE, old_string: 'two', new_string: 'second' }), argumentPieces: 8 },
    { text: 'The change was handed over.' },
  ],
  'two-calls': [
    { text: 'Two at once.', calls: [...bash('umask 22; echo left'), ...bash('umask 22; echo right')] },
    { text: 'Both are through.' },
  ],
  ask: [
    {
      calls: call('AskUserQuestion', {
        questions: [
          {
            question: 'Which way shall it go?',
            header: 'Way',
            multiSelect: false,
            options: [
              { label: 'Left', description: 'Along the river' },
              { label: 'Right', description: 'Over the hill' },
            ],
          },
        ],
      }),
    },
    { text: 'Then that way it is.' },
  ],
};
