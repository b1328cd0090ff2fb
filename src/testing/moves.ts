import fc from 'fast-check';
import type { RequestedCall } from '../core/facts.ts';
import type { Command, ModelReport, ToolReport } from '../core/messages.ts';
import { plan } from '../core/plan.ts';
import { pendingCalls, requestIdOf } from '../core/status.ts';
import type { Step } from '../core/step.ts';
import { modes } from '../protocol/modes.ts';
import { callOf, inputOf, type Scene } from './scene.ts';

/** Something a client or the world may do at any time, in words that make sense of whatever state it meets. */
export type Move =
  | {
      readonly do: 'input';
      readonly key: number;
      readonly text: number;
      readonly by: string;
      readonly template: string;
    }
  | { readonly do: 'emptyInput'; readonly key: number }
  | {
      readonly do: 'decide';
      readonly nth: number;
      readonly allow: boolean;
      readonly hash: 'none' | 'right' | 'wrong';
    }
  | { readonly do: 'abort'; readonly run: Which }
  | { readonly do: 'command'; readonly command: Command }
  | { readonly do: 'remove'; readonly nth: number }
  | { readonly do: 'model'; readonly run: Which; readonly report: ModelMove }
  | { readonly do: 'tool'; readonly nth: number; readonly report: ToolReport }
  | { readonly do: 'gone'; readonly pid: number }
  | { readonly do: 'tick'; readonly ms: number }
  /** The world does what the plan has: the nth of its effects ends well. */
  | { readonly do: 'work'; readonly nth: number; readonly calls: readonly CallMove[] }
  /** The process dies: the state is folded from the facts, and what ran is lost. */
  | { readonly do: 'crash'; readonly look: Look };

type Which = 'any' | 'now' | 'first' | 'unknown';
type Look = 'done' | 'absent' | 'unknown';
type CallMove = { readonly name: 'Read' | 'Write' | 'Bash' | 'AskUserQuestion'; readonly broken: boolean };
type ModelMove =
  | Exclude<ModelReport, { kind: 'finished' } | { kind: 'text' }>
  | { kind: 'text'; message: number }
  | { kind: 'finished'; calls: readonly CallMove[] };

const nth = fc.nat({ max: 3 });
const which = fc.constantFrom<Which>('any', 'now', 'now', 'first', 'unknown');
const look = fc.constantFrom<Look>('done', 'absent', 'unknown');
const calls = fc.array(
  fc.record({ name: fc.constantFrom('Read', 'Write', 'Bash', 'AskUserQuestion'), broken: fc.boolean() }),
  { maxLength: 3 },
);
const input = fc.record({
  do: fc.constant('input' as const),
  key: fc.nat({ max: 8 }),
  text: fc.nat({ max: 4 }),
  by: fc.constantFrom('ann', 'ann', 'bob'),
  template: fc.constantFrom('', '', 'other'),
});
const commands: readonly Command[] = [
  ...modes.map((mode) => ({ do: 'set_mode', mode }) as const),
  { do: 'set_mode', mode: 'nonsense' },
  { do: 'set_cwd', cwd: '/elsewhere', asked: '/elsewhere', missing: false },
  { do: 'set_cwd', cwd: null, asked: '/gone', missing: true },
  { do: 'set_cwd', cwd: null, asked: '/a-file', missing: false },
  { do: 'tell_status' },
  { do: 'tell_problem', message: 'It could not be done.' },
  { do: 'resume_queue' },
  { do: 'compact' },
  { do: 'remove_queue_item', id: 'q-none' },
];
const modelMove = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('text' as const), message: nth }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('finished' as const), calls }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'lost' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('failed' as const),
      code: fc.constantFrom(
        'model_unavailable' as const,
        'model_reply_invalid' as const,
        'context_overflow' as const,
      ),
      message: fc.constant('It failed.'),
      retryable: fc.boolean(),
      retryAfterMs: fc.constantFrom(0, 5_000),
    }),
  },
);
const toolReport: fc.Arbitrary<ToolReport> = fc.oneof(
  fc.record({
    kind: fc.constant('prepared' as const),
    process: fc.constantFrom(null, { pid: 7, startedAt: null }),
    mark: fc.constant(null),
  }),
  fc.constant({ kind: 'refused' as const, text: 'No such file.' }),
  fc.constant({ kind: 'progress' as const, text: 'half' }),
  fc.constant({ kind: 'finished' as const, status: 'success' as const, text: 'ok', wrote: [] }),
  fc.record({ kind: fc.constant('lost' as const), look }),
);

export const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: input },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('emptyInput' as const), key: fc.nat({ max: 8 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('decide' as const),
      nth,
      allow: fc.boolean(),
      hash: fc.constantFrom('none', 'right', 'wrong'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), run: which }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...commands).map((command) => ({ do: 'command' as const, command })),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), nth }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('model' as const), run: which, report: modelMove }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('tool' as const), nth, report: toolReport }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('gone' as const), pid: fc.constantFrom(7, 8) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('tick' as const), ms: fc.constantFrom(0, 999, 5_000) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('work' as const), nth, calls }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), look }) },
);

/** Makes moves in a scene. Texts and call ids are new each time, so that each can be found again. */
export class Mover {
  readonly scene: Scene;
  #made = 0;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  make(move: Exclude<Move, { do: 'crash' }>): Step | null {
    const { scene } = this;
    switch (move.do) {
      case 'input':
        return scene.input(`text ${move.text}`, { ...move, id: `cm-${move.key}` });
      case 'emptyInput':
        return scene.command(inputOf(`cm-${move.key}`, [{ role: 'user' }]));
      case 'decide':
        return this.#decide(move);
      case 'abort':
        return scene.abort(move.run === 'any' ? null : this.#runOf(move.run));
      case 'command':
        return scene.command(move.command);
      case 'remove':
        return scene.command({ do: 'remove_queue_item', id: scene.state.queue[move.nth]?.id ?? 'q-none' });
      case 'model':
        return scene.model(this.#reportOf(move.report), this.#runOf(move.run));
      case 'tool':
        return scene.tool(scene.state.turn?.calls[move.nth]?.id ?? 'call-none', move.report);
      case 'gone':
        return scene.hear({ kind: 'gone', pid: move.pid });
      case 'tick':
        return scene.tick(move.ms);
      case 'work':
        return this.work(move.nth, move.calls);
    }
  }

  /** Ends the nth effect well; null when the plan has none. */
  work(nth: number, calls: readonly CallMove[] = []): Step | null {
    const effects = [...plan(this.scene.state).effects.values()];
    const effect = effects[nth % effects.length];
    switch (effect?.do) {
      case undefined:
        return null;
      case 'model':
        return this.scene.model(this.#reportOf({ kind: 'finished', calls }), effect.run);
      case 'prepare': {
        const process = effect.call.name === 'Bash' ? { pid: 7, startedAt: null } : null;
        return this.scene.tool(effect.call.id, { kind: 'prepared', process, mark: null });
      }
      case 'tool':
        return this.scene.done(effect.call.id);
      case 'compact':
        return this.scene.hear({
          kind: 'compaction',
          id: effect.compaction,
          report: { kind: 'finished', summary: 'so far', usage: null },
        });
      case 'kill':
        return this.scene.hear({ kind: 'gone', pid: effect.process.pid });
    }
  }

  #decide({ nth, allow, hash }: Extract<Move, { do: 'decide' }>): Step {
    const call = pendingCalls(this.scene.state)[nth];
    const input_hash = hash === 'none' || !call ? null : hash === 'right' ? call.input_hash : 'another hash';
    const updated_input = nth === 1 ? { edited: true } : null;
    const request_id = call ? requestIdOf(call) : 'perm-none';
    return this.scene.command({ do: 'decide', request_id, allow, message: null, updated_input, input_hash });
  }

  #runOf(which: Which): string {
    const runs = this.scene.state.runs.map(([run]) => run);
    return { any: this.scene.run, now: this.scene.run, first: runs[0] ?? 'run-none', unknown: 'run-none' }[
      which
    ];
  }

  #reportOf(move: ModelMove): ModelReport {
    if (move.kind === 'text')
      return {
        ...move,
        message: `${this.scene.run}/${move.message}`,
        field: 'assistant',
        text: `<${this.#next()}>`,
      };
    if (move.kind !== 'finished') return move;
    return {
      kind: 'finished',
      calls: move.calls.map((call) => this.#callOf(call)),
      // Every third answer fills what the model can read (CMP-3).
      usage: fullUsage,
      window: this.scene.facts.length % 3 === 0 ? 100 : null,
      truncated: false,
    };
  }

  #callOf({ name, broken }: CallMove): RequestedCall {
    return callOf(`call-${this.#next()}`, name, { problem: broken ? 'There is no such tool.' : null });
  }

  #next(): number {
    this.#made += 1;
    return this.#made;
  }
}

const fullUsage = { prompt_tokens: 99, completion_tokens: 0, total_tokens: 99 };
