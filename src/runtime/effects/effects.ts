import type { CompactionReport, Msg } from '../../core/messages.ts';
import type { Effect, EffectId } from '../../core/plan.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { StoreError } from '../../store/store.ts';
import type { Host } from '../host.ts';
import type { Prepared } from '../tools/tool.ts';
import { runCompaction } from './run-compaction.ts';
import { runModel } from './run-model.ts';
import { killDoomed, lookAtLost, prepareTool, runTool } from './run-tool.ts';
import type { Subject } from './subject.ts';

type Running = { readonly stop: () => void; readonly ended: Promise<void> };

/** The effects of one conversation that go on in this process. Every outcome comes back as a message. */
export class Effects {
  readonly #conversation: Subject;
  readonly #host: Host;
  readonly #running = new Map<EffectId, Running>();
  /** Calls made ready whose start is not durable yet, or that have just begun. */
  readonly #prepared = new Map<string, Prepared>();
  /** Effects that another process had started: they are settled as lost before anything else. */
  readonly #lost = new Set<EffectId>();

  constructor(conversation: Subject, host: Host) {
    this.#conversation = conversation;
    this.#host = host;
  }

  /** A crash is nothing special: what had started and did not finish is lost, and the conversation decides what follows. */
  recover(effects: ReadonlyMap<EffectId, Effect>): void {
    for (const [id, effect] of effects) {
      if (effect.do === 'compact') {
        // Not held back until it is settled: what takes its place bears the same name.
        this.#report({ kind: 'compaction', id: effect.compaction, report: { kind: 'lost' } });
      }
      if (effect.do !== 'model' && effect.do !== 'tool') continue;
      this.#lost.add(id);
      if (effect.do === 'model') {
        this.#report({ kind: 'model', run: effect.run, report: { kind: 'lost' } });
        continue;
      }
      const settle = (look: 'done' | 'absent' | 'unknown') =>
        this.#report({ kind: 'tool', call: effect.call.id, report: { kind: 'lost', look } });
      const looked = lookAtLost(this.#conversation.scope, effect).then(settle);
      this.#run(id, cannotStop, looked, () => settle('unknown'));
    }
  }

  reconcile(desired: ReadonlyMap<EffectId, Effect>): void {
    for (const [id, running] of this.#running) if (!desired.has(id) && !this.#lost.has(id)) running.stop();
    for (const id of this.#lost) if (!desired.has(id)) this.#lost.delete(id);
    for (const [callId, prepared] of this.#prepared) {
      if (desired.has(`tool:${callId}`) || desired.has(`prepare:${callId}`)) continue;
      this.#prepared.delete(callId);
      void prepared.abort();
    }
    for (const [id, effect] of desired)
      if (!this.#running.has(id) && !this.#lost.has(id)) this.#start(id, effect);
  }

  async stopAll(): Promise<void> {
    for (const running of this.#running.values()) running.stop();
    await this.#conversation.tasks.stopAll();
    const left = [...this.#prepared.values()].map((prepared) => prepared.abort());
    await Promise.all([...left, ...[...this.#running.values()].map(({ ended }) => ended)]);
  }

  #start(id: EffectId, effect: Effect): void {
    switch (effect.do) {
      case 'model': {
        const abort = new AbortController();
        const { run } = effect;
        const report = (msg: Msg) => !abort.signal.aborted && this.#report(msg);
        const asked = runModel(this.#conversation, this.#host, run, abort.signal, report);
        const fail = (why: Failure) =>
          report({ kind: 'model', run, report: { kind: 'failed', ...why, retryable: false } });
        return this.#run(id, () => abort.abort(), asked, fail);
      }
      case 'compact': {
        const abort = new AbortController();
        const { compaction } = effect;
        const tell = (report: CompactionReport) =>
          !abort.signal.aborted && this.#report({ kind: 'compaction', id: compaction, report });
        const made = runCompaction(this.#conversation, this.#host, abort.signal, tell);
        const fail = (why: Failure) => tell({ kind: 'failed', ...why, retryable: false });
        return this.#run(id, () => abort.abort(), made, fail);
      }
      case 'prepare': {
        const { call } = effect;
        if (this.#prepared.has(call.id)) return;
        const refuse = (text: string) =>
          this.#report({ kind: 'tool', call: call.id, report: { kind: 'refused', text } });
        const ready = prepareTool(this.#conversation, this.#host, call).then((prepared) => {
          if ('problem' in prepared) return refuse(prepared.problem);
          this.#prepared.set(call.id, prepared);
          const { process = null, mark = null } = prepared;
          this.#report({ kind: 'tool', call: call.id, report: { kind: 'prepared', process, mark } });
        });
        return this.#run(id, cannotStop, ready, ({ message }) => refuse(message));
      }
      case 'tool': {
        const { call } = effect;
        const prepared = this.#prepared.get(call.id);
        if (!prepared) throw new Error(`internal: ${id} was started here but not made ready here`);
        const tell = (msg: Msg) => this.#report(msg);
        const ended = runTool(this.#conversation, call, prepared, tell).finally(() =>
          this.#prepared.delete(call.id),
        );
        const fail = ({ message }: Failure) => {
          const text = `${message} ${call.name} may have run, in whole or in part. Look before doing it again.`;
          const report = { kind: 'finished', status: 'error', text, wrote: [] } as const;
          tell({ kind: 'tool', call: call.id, report });
        };
        return this.#run(id, () => void prepared.abort(), ended, fail);
      }
      case 'kill': {
        const { process } = effect;
        const kill = killDoomed(this.#conversation.scope, process).then((stuck) => {
          // What would not die stays in the state, and the next owner tries again.
          if (stuck.length === 0) return this.#report({ kind: 'gone', pid: process.pid });
          this.#host.trouble(`processes of the call ${process.call} could not be killed`, stuck);
        });
        return this.#run(id, cannotStop, kill, () => undefined);
      }
    }
  }

  /** `failed` settles an effect that threw, so that nobody waits for it: the store cannot be read, or the program is at fault. */
  #run(id: EffectId, stop: () => void, work: Promise<void>, failed: (why: Failure) => void): void {
    const ended = work
      .catch((error: unknown) => failed(this.#failureOf(id, error)))
      .finally(() => this.#running.delete(id));
    this.#running.set(id, { stop, ended });
  }

  #failureOf(id: EffectId, error: unknown): Failure {
    if (error instanceof StoreError) return failure(error.code, error.message);
    this.#host.trouble(`${id} failed`, error);
    return failure('internal', 'The runtime itself failed here; its log says more.');
  }

  #report(msg: Msg): void {
    this.#conversation.hear(msg);
  }
}

const cannotStop = (): void => undefined;
