import type { Failure } from '../../protocol/errors.ts';
import type { Host } from '../host.ts';
import type { Model } from '../models/model.ts';
import type { Subject } from './subject.ts';

/** The model of a conversation: its own, else its agent's, else the device's. */
export function modelOf(
  { scope, state }: Pick<Subject, 'scope' | 'state'>,
  host: Host,
): Promise<Model | Failure> {
  const agent = scope.agent_id === null ? null : host.store.agent(scope.agent_id);
  return host.model(state.model ?? agent?.model ?? null);
}
