import type { Reply, Scripts } from './model-script.ts';

type Calls = NonNullable<Reply['calls']>;

/** In the folder of the conversation: one line for every call that has begun to run. */
export const marksFile = 'marks';

const id = 'c{{request}}n{{n}}';
const call = (name: string, input: unknown): Calls => [{ id, name, arguments: input }];
/** A command that first says which call it is of. */
const bash = (command = 'true'): Calls =>
  call('Bash', { command: `echo ${id} >> ${marksFile}; ${command}`, description: 'A marked command' });
const write = (content: string): Calls => call('Write', { file_path: '{{file}}', content });
/** Done twice, it shows: the file grows with each. */
const edit = (): Calls => call('Edit', { file_path: '{{file}}', old_string: 'mark', new_string: 'x mark' });

const words = 'Said in many small parts, so that there are moments between the first of them and the last. ';
const streamed = { text: words.repeat(3), pieces: 30, chunkDelayMs: 2 };
const done: Reply = { text: 'That was all of it.' };

/**
 * What the model does under chaos. Every call of a command leaves its id in the marks file; `file=` in the message names the file
 * of the scripts that write.
 */
export const chaosScripts: Scripts = {
  talk: [{ reasoning: 'Think of it first, and then say it.', ...streamed }],
  run: [{ text: 'One command.', calls: bash('echo ran') }, done],
  slow: [{ calls: bash('for i in 1 2 3 4; do echo $i; sleep 0.06; done') }, streamed],
  litter: [
    { calls: bash('sleep 300 & (setsid sleep 300 || sleep 300) & sleep 0.1; echo left two behind') },
    done,
  ],
  steps: [{ calls: bash() }, { text: 'And the next.', calls: bash('sleep 0.03') }, { calls: bash() }, done],
  pair: [{ text: 'Two at once.', calls: [...bash('sleep 0.05'), ...bash('echo second')] }, done],
  files: [{ calls: write('mark\n'), argumentPieces: 4 }, { calls: edit() }, { calls: edit() }, done],
  mixed: [
    { calls: [...call('LS', { path: '.' }), ...call('Glob', { pattern: '*' }), ...bash()] },
    { calls: [...write('mark\n'), ...edit(), ...bash('cat {{file}}')] },
    done,
  ],
  ask: [
    {
      calls: call('AskUserQuestion', {
        questions: [
          { question: 'Which way?', header: 'Way', options: [{ label: 'Left' }, { label: 'Right' }] },
        ],
      }),
    },
    { calls: bash() },
    done,
  ],
  flaky: [
    { ...streamed, fault: 'truncate', times: 1, next: { calls: bash() } },
    { ...done, fault: 'reset', times: 1 },
  ],
  refused: [{ fault: { status: 400 } }],
  junk: [{ calls: [{ id, name: 'Bash', arguments: { raw: '{"command": ' } }] }, done],
};
