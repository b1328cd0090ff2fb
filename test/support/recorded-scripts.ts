import type { Reply, Scripts } from '../../src/testing/model-script.ts';

const call = (name: string, input: unknown): NonNullable<Reply['calls']> => [{ name, arguments: input }];
const bash = (command: string) => call('Bash', { command, description: 'A command of the script' });
const done = { text: 'That is done.' };

/** The gate at which an answer to a request of so many messages stops after its first piece. */
export const gateOf = (messages: number | string): string => `more-${messages}`;
const held = { hold: gateOf('{{messages}}'), holdAfter: 1 };

/** A command that says nothing before there is this file in the working directory. */
export const goFile = 'go-on';

/** What the model did in the recordings, by the names that are used there. A streamed answer waits for the player at its first piece. */
export const recordedScripts: Scripts = {
  medium: [{ text: 'word '.repeat(12), pieces: 12, ...held }],
  slow: [{ text: 'word '.repeat(200), pieces: 200, chunkDelayMs: 100, ...held }],
  bashfail: [{ calls: bash('echo to-stderr >&2; exit 3') }, done],
  bashslow: [
    { calls: bash(`until [ -e ${goFile} ]; do sleep 0.02; done; echo line-1; sleep 0.5; echo line-2`) },
    done,
  ],
  touch: [{ calls: bash('touch approved-marker.txt && echo touched') }, done],
  // A file of its own: one that is there already would have to be read first.
  write: [
    { calls: call('Write', { file_path: 'written.txt', content: 'one\ntwo\nthree\n' }), argumentPieces: 8 },
    { text: 'The file was handed over.' },
  ],
  twotouch: [
    {
      calls: [
        ...bash('touch first-marker.txt && echo first'),
        ...bash('touch second-marker.txt && echo second'),
      ],
    },
    done,
  ],
};
