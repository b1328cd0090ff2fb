import type { FactKind } from '../core/facts.ts';
import { type Random, seededRandom } from './chaos-random.ts';

/** Something a person does. `conversation` is a number from 0. */
export type Step =
  | { readonly do: 'send'; readonly conversation: number; readonly key: string; readonly text: string }
  /** The same message once more, and another one under its id. */
  | { readonly do: 'send_again' | 'send_other'; readonly key: string }
  | { readonly do: 'abort' | 'resume' | 'remove'; readonly conversation: number }
  | { readonly do: 'mode'; readonly conversation: number; readonly mode: string }
  | { readonly do: 'pause'; readonly ms: number }
  /** Waits for that to be seen, but not for long. */
  | { readonly do: 'await'; readonly conversation: number; readonly what: Sight };

/** `rest`: all that was sent there has met its fate. */
export type Sight = 'approval' | 'tool' | 'text' | 'rest';

/** What a device has just told when it dies. */
export const moments = {
  started: '"state":"started"',
  text: '"message_type":"assistant_message"',
  approval: '"type":"control_request"',
  tool_start: '"message_type":"client_tool_start"',
  progress: '"id":"synthetic-tool-return-stream-',
  tool_end: '"message_type":"client_tool_end"',
  retry: '"message_type":"retry"',
  aborted: '"message":"Interrupted"',
  finished: '"type":"turn_finished"',
} as const;

type Side = 'before' | 'after';

/** When a device dies. Numbers count from 1 in each life. */
export type Kill =
  /** At a commit, or at one that holds such a fact. `before`: nothing of it is durable. `after`: all of it is, and nobody was told. */
  | { readonly at: 'commit'; readonly n: number; readonly side: Side; readonly fact?: FactKind }
  | {
      readonly at: 'frame';
      readonly moment: keyof typeof moments;
      readonly n: number;
      readonly afterMs: number;
    }
  /** A call is ready to go and its start is not durable. */
  | { readonly at: 'prepared'; readonly n: number };

/** One life of the device: it dies of whatever comes first. */
export type Life = { readonly kills: readonly Kill[]; readonly fullDiskAt: readonly number[] };

export type Schedule = {
  readonly seed: number;
  readonly conversations: number;
  readonly steps: readonly Step[];
  /** The last one does not end. */
  readonly lives: readonly Life[];
  /** How often a person says no, and the longest they think, in milliseconds. */
  readonly denials: number;
  readonly thinkMs: number;
};

const scripts = {
  run: 5,
  slow: 5,
  steps: 4,
  files: 5,
  mixed: 5,
  pair: 3,
  litter: 3,
  talk: 4,
  ask: 2,
  flaky: 2,
  refused: 1,
  junk: 1,
};

const facts = {
  tool_started: 6,
  tool_finished: 6,
  call_decided: 3,
  model_finished: 2,
  turn_finished: 2,
  input_accepted: 2,
  tool_lost: 1,
  process_gone: 1,
};

const modes = ['standard', 'acceptEdits', 'unrestricted', 'strict'];

/** The schedule of a seed, always the same one. */
export function scheduleOf(seed: number): Schedule {
  const random = seededRandom(seed);
  const conversations = random.pick([1, 1, 2, 3]);
  const aborted = random.chance(0.15);
  const steps = stepsOf(random, conversations, aborted);
  const lives = Array.from({ length: random.int(1, 4) }, (_, n) =>
    n === 0 && aborted ? abortedLife(random) : lifeOf(random, n),
  );
  return {
    seed,
    conversations,
    steps,
    lives: [...lives, { kills: [], fullDiskAt: [] }],
    denials: random.pick([0, 0.1, 0.25]),
    thinkMs: random.pick([0, 10, 40]),
  };
}

/** `aborted`: begins with the abort of a command that runs. */
function stepsOf(random: Random, conversations: number, aborted: boolean): Step[] {
  const sent: string[] = [];
  const send = (
    conversation = random.int(0, conversations - 1),
    script: string = random.weighted(scripts),
  ): Step => {
    const key = `cm-${sent.length + 1}`;
    sent.push(key);
    return { do: 'send', conversation, key, text: `#script=${script} file=${key}.txt please` };
  };
  const abortTool = (conversation: number): Step[] => [
    send(conversation, random.pick(['slow', 'litter'])),
    { do: 'await', conversation, what: 'tool' },
    { do: 'abort', conversation },
  ];
  const next = (): Step[] => {
    const conversation = random.int(0, conversations - 1);
    const kind = random.weighted({
      send: 40,
      await: 28,
      pause: 10,
      send_again: 8,
      send_other: 4,
      abort: 5,
      abort_tool: 4,
      mode: 5,
      remove: 3,
      resume: 2,
    });
    switch (kind) {
      case 'send':
        return [send()];
      case 'send_again':
      case 'send_other':
        return [{ do: kind, key: random.pick(sent) }];
      case 'abort_tool':
        return abortTool(conversation);
      case 'mode':
        return [{ do: kind, conversation, mode: random.pick(modes) }];
      case 'pause':
        return [{ do: kind, ms: random.int(0, 60) }];
      case 'await':
        return [{ do: kind, conversation, what: random.pick(['approval', 'tool', 'text', 'rest', 'rest']) }];
      default:
        return [{ do: kind, conversation }];
    }
  };
  const start = aborted ? abortTool(0) : [send()];
  return [...start, ...Array.from({ length: random.int(4, 11) }, next).flat()];
}

function lifeOf(random: Random, n: number): Life {
  const side = () => random.pick(['before', 'after'] as const);
  const kinds = { commit: 6, fact: 7, frame: 7, prepared: 2 };
  const kill = (): Kill => {
    const kind = random.weighted(kinds);
    switch (kind) {
      case 'commit':
        return { at: 'commit', n: random.int(1, n === 0 ? 20 : 9), side: side() };
      case 'fact':
        return { at: 'commit', n: random.pick([1, 1, 2]), side: side(), fact: random.weighted(facts) };
      case 'frame':
        return frameKill(random);
      case 'prepared':
        return { at: 'prepared', n: random.int(1, 2) };
    }
  };
  // Whatever does not come to pass must not keep the device alive.
  const last: Kill = { at: 'commit', n: n === 0 ? 20 : 12, side: side() };
  return { kills: [kill(), last], fullDiskAt: random.chance(0.25) ? [random.int(2, 15)] : [] };
}

/** Ends when the abort is durable and what it cut off may live on. */
function abortedLife(random: Random): Life {
  const kill: Kill = { at: 'frame', moment: 'aborted', n: 1, afterMs: random.pick([0, 0, 1, 4]) };
  return { kills: [kill, { at: 'commit', n: 25, side: 'after' }], fullDiskAt: [] };
}

function frameKill(random: Random): Kill {
  const moment = random.weighted({
    tool_start: 8,
    text: 4,
    approval: 3,
    progress: 3,
    tool_end: 2,
    started: 1,
    finished: 1,
    retry: 1,
    aborted: 3,
  });
  return {
    at: 'frame',
    moment,
    n: random.pick([1, 1, 2]),
    afterMs: random.pick([0, 0, 2, 5, 15, 40, 120, 260]),
  };
}
