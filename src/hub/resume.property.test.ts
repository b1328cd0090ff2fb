import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ManualPair, manualPair } from '../link/memory.ts';
import { virtualClock } from '../link/virtual-clock.ts';
import type { Frame } from '../protocol/frames.ts';
import { owner } from '../protocol/privileges.ts';
import { type Scope, scopeKey } from '../protocol/shapes.ts';
import { StubDevice } from '../testing/stub-device.ts';
import { createHub, type Hub } from './hub.ts';

const scopes: readonly Scope[] = [
  { agent_id: 'agent-1', conversation_id: 'conv-1' },
  { agent_id: null, conversation_id: 'conv-2' },
];
const scopeNumber = fc.nat({ max: scopes.length - 1 });

/** What happens in one run. `bytes` of an event are text; with large ones the client reads too slowly now and then. */
type Happening =
  | { readonly do: 'emit'; readonly scope: number; readonly bytes: number }
  | { readonly do: 'push'; readonly scope: number }
  | { readonly do: 'ask' | 'answer' | 'cut' | 'connect' | 'news' | 'noise' }
  | { readonly do: 'deliver'; readonly most: number };

const happenings = (bytes: fc.Arbitrary<number>): fc.Arbitrary<readonly Happening[]> =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('emit' as const), scope: scopeNumber, bytes }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('push' as const), scope: scopeNumber }) },
      {
        weight: 5,
        arbitrary: fc.record({ do: fc.constantFrom('ask', 'answer', 'cut', 'connect', 'news', 'noise') }),
      },
      { weight: 5, arbitrary: fc.record({ do: fc.constant('deliver' as const), most: fc.nat({ max: 9 }) }) },
    ),
    { maxLength: 60, size: 'max' },
  );

/** A farhand client with a bad connection, and beside it what it should be told. */
class Run {
  readonly device = new StubDevice();
  readonly verdicts: string[] = [];
  /** Of the session it has now: what it is owed, and what it got, without `seq`. */
  owed: string[] = [];
  got: string[] = [];
  /** What cannot be, ever. */
  readonly wrong: string[] = [];
  readonly #hub: Hub;
  readonly #clock = virtualClock();
  readonly #other = manualPair();
  readonly #at = new Map<string, number>();
  #synced = new Set<string>();
  #waiting: { readonly frame: Frame; readonly epoch: number }[] = [];
  #epoch = 0;
  #pair: ManualPair | null = null;
  #session: { readonly session: unknown; readonly resume_token: unknown } | null = null;
  #lastSeq = 0;
  #asked = 0;

  constructor(ringBytes: number) {
    this.#hub = createHub({
      toDevice: (frame) => this.#toDevice(frame),
      ...{ log: this.device, clock: this.#clock, version: '0', numbered: true, ringBytes },
    });
    this.#hub.accept(this.#other.b, { principal: owner('broker'), hears: 'all' });
    this.#other.a.listen({ message: () => undefined, closed: () => undefined });
  }

  do(happening: Happening): void {
    switch (happening.do) {
      case 'emit':
        return this.#emit(happening.scope, happening.bytes);
      case 'push':
        return this.#say(scopes[happening.scope] as Scope, { type: 'input_receipt', at: this.owed.length });
      case 'ask':
        return this.#send({ type: 'agent_list', request_id: `r-${this.#asked++}` });
      case 'answer':
        return this.#answer();
      case 'cut':
        this.#pair?.cut();
        this.#pair = null;
        return;
      case 'connect':
        return this.#connect();
      case 'news':
        return this.#news();
      case 'noise':
        // Somebody else is told something, so that the numbers of this client have holes.
        this.#other.a.send('{"type":"none"}');
        this.#other.flush();
        return;
      case 'deliver':
        return this.#deliver(happening.most);
    }
  }

  /** Everything comes to rest. */
  settle(): void {
    if (!this.#pair) this.#connect();
    for (let more = true; more; ) {
      this.#deliver(Number.POSITIVE_INFINITY);
      more = this.#waiting.length > 0;
      while (this.#waiting.length > 0) this.#answer();
    }
  }

  events(scope: Scope): number {
    return this.#at.get(scopeKey(scope)) ?? 0;
  }

  #emit(at: number, bytes: number): void {
    const scope = scopes[at] as Scope;
    const text = this.device.commit(scope, { type: 'stream_delta', text: 'x'.repeat(bytes) });
    if (this.#synced.has(scopeKey(scope))) this.owed.push(text);
    this.#hub.hear(JSON.parse(text) as Frame, text);
  }

  #say(runtime: Scope, body: Frame): void {
    const text = JSON.stringify({ ...body, runtime });
    if (this.#synced.has(scopeKey(runtime))) this.owed.push(text);
    this.#hub.hear(JSON.parse(text) as Frame, text);
  }

  #news(): void {
    const text = JSON.stringify({ type: 'device_presence', since: this.#asked++ });
    if (this.#epoch > 0) this.owed.push(text);
    this.#hub.hear(JSON.parse(text) as Frame, text);
  }

  #toDevice(frame: Frame): void {
    this.#waiting.push({ frame, epoch: this.#epoch });
    if (frame.type !== 'sync') return;
    const scope = frame.runtime as Scope;
    this.#synced.add(scopeKey(scope));
    this.owed.push(...this.device.stored(scope).slice(frame.after_event_seq as number));
  }

  #answer(): void {
    const [next] = this.#waiting.splice(0, 1);
    if (!next) return;
    const { type, runtime, request_id } = next.frame;
    const own = { type: `${type}_response`, request_id: String(request_id).split(':')[1], success: true };
    const scope = runtime === undefined ? {} : { runtime };
    if (next.epoch === this.#epoch) this.owed.push(JSON.stringify({ ...own, ...scope }));
    const reply = { ...own, request_id, ...scope };
    this.#hub.hear(reply, JSON.stringify(reply));
  }

  #send(frame: Frame): void {
    this.#pair?.a.send(JSON.stringify(frame));
    while (this.#pair?.flushOne('b'));
  }

  #connect(): void {
    const pair = manualPair();
    pair.a.listen({ message: (text) => this.#hear(text), closed: () => undefined });
    this.#pair = pair;
    const query = new URLSearchParams({ farhand: '1' });
    this.#hub.accept(pair.b, { principal: owner('broker'), hears: 'followed', query });
    const resuming = { ...this.#session, last_seq: this.#lastSeq };
    this.#session = null;
    this.#send({ type: 'client_hello', ...resuming });
    const hello = JSON.parse(pair.waiting('a')[0] ?? '{}') as Frame;
    this.verdicts.push(String(hello.verdict));
    if (hello.type !== 'hello') this.wrong.push(`the first frame is ${hello.type}`);
    if (hello.verdict === 'ok') return;
    this.#checkPrefix();
    this.#epoch++;
    this.owed = [];
    this.got = [];
    this.#synced = new Set();
    this.#lastSeq = 0;
  }

  #deliver(most: number): void {
    const pair = this.#pair;
    for (let n = 0; n < most && pair?.flushOne('a'); n++);
  }

  #hear(text: string): void {
    const { seq, ...frame } = JSON.parse(text) as Frame;
    if (frame.type === 'hello') return this.#greeted(frame as Frame);
    if (typeof seq !== 'number' || seq <= this.#lastSeq) this.wrong.push(`${seq} after ${this.#lastSeq}`);
    this.#lastSeq = Number(seq);
    // What a sync says of its cursor is no concern of this test.
    const { log_id: _log, head: _head, verdict: _verdict, ...told } = frame;
    this.got.push(JSON.stringify(told));
    if (typeof frame.event_seq !== 'number') return;
    const key = scopeKey(frame.runtime as Scope);
    const before = this.#at.get(key) ?? 0;
    if (frame.event_seq !== before + 1) this.wrong.push(`event ${frame.event_seq} after ${before}`);
    this.#at.set(key, frame.event_seq);
  }

  #greeted({ session, resume_token, verdict }: Frame): void {
    this.#session = { session, resume_token };
    if (verdict === 'ok') return;
    for (const runtime of scopes) {
      const after_event_seq = this.#at.get(scopeKey(runtime)) ?? 0;
      this.#send({ type: 'sync', request_id: `s-${this.#asked++}`, runtime, after_event_seq });
    }
  }

  #checkPrefix(): void {
    if (this.got.some((text, n) => text !== this.owed[n])) this.wrong.push('not what it was owed');
  }
}

describe('[SEQ-3] a farhand client that loses its socket again and again', { timeout: 30_000 }, () => {
  function runOf(ringBytes: number, list: readonly Happening[]): Run {
    const run = new Run(ringBytes);
    run.settle();
    for (const one of list) run.do(one);
    run.settle();
    for (const scope of scopes) expect(run.events(scope)).toBe(run.device.stored(scope).length);
    return run;
  }

  it('is given everything it is owed once and in order, or told to begin anew', () => {
    const times = new Map<string, number>();
    const ring = fc.constantFrom(300, 1_000, 1_000_000);
    const property = fc.property(ring, happenings(fc.constantFrom(0, 100)), (ringBytes, list) => {
      const run = runOf(ringBytes, list);
      expect(run.wrong).toEqual([]);
      expect(run.got).toEqual(run.owed);
      for (const verdict of run.verdicts) times.set(verdict, (times.get(verdict) ?? 0) + 1);
    });
    fc.assert(property, { numRuns: 400 });
    expect(times.get('ok')).toBeGreaterThan(100);
    expect(times.get('reset')).toBeGreaterThan(100);
  });

  it('[SYNC-2] has every event once also where it reads too slowly', () => {
    const property = fc.property(happenings(fc.constantFrom(0, 300_000)), (list) => {
      const run = runOf(8 * 1024 * 1024, list);
      expect(run.wrong.filter((what) => what !== 'not what it was owed')).toEqual([]);
      expect([...run.got].sort()).toEqual([...run.owed].sort());
    });
    fc.assert(property, { numRuns: 25 });
  });
});
