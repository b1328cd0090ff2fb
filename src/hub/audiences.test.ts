import { describe, expect, it } from 'vitest';
import type { Scope } from '../protocol/shapes.ts';
import { Audiences, type Hearer } from './audiences.ts';

const scope = { agent_id: 'a', conversation_id: 'c' };
const hearer = (hearsUnnamed: ((scope: Scope) => boolean) | null = null): Hearer => ({ hearsUnnamed });

describe('an audience', () => {
  it('is those who named the scope and those who hear of it anyway, each once, as they come and go', () => {
    const audiences = new Audiences();
    const [follower, wide, deaf] = [hearer(), hearer(() => true), hearer(() => false)];
    const now = () => audiences.of('a/c', scope);
    expect(now()).toEqual([]);
    for (const one of [follower, wide, deaf]) audiences.join(one);
    expect(now()).toEqual([wide]);
    audiences.follow('a/c', scope, follower);
    expect(now()).toEqual([follower, wide]);
    audiences.follow('a/c', scope, wide);
    expect(now()).toEqual([follower, wide]);
    expect(now()).toBe(now());
    audiences.leave(follower);
    expect(now()).toEqual([wide]);
    expect([...audiences.followed()]).toEqual([scope]);
    audiences.leave(wide);
    expect(now()).toEqual([]);
    expect([...audiences.followed()]).toEqual([]);
  });
});
