import { type Failure, failure } from '../../protocol/errors.ts';
import { addressOf, type Endpoint } from '../../runtime/models/endpoint.ts';
import { type Connected, isNoModel, resolveModel, type Variables } from '../../runtime/models/handles.ts';
import { checkKey, isFailed, type Listed, listModels } from '../../runtime/models/listing.ts';
import type { Provider } from '../../runtime/models/providers.ts';

export type Trial = {
  readonly provider: Provider;
  readonly endpoint: Endpoint;
  readonly env: Variables;
  readonly connected: Connected;
  /** What to ask where nobody lists the models. */
  readonly handle: string | null;
};

const patienceMs = 15_000;

/** A real request with the key: the list of models, else one word of one. Gives the list; null where there is none. */
export async function tryConnection(trial: Trial): Promise<readonly Listed[] | null | Failure> {
  const { provider, endpoint, handle } = trial;
  const listed = await listModels(provider, endpoint, patienceMs);
  if (!isFailed(listed)) {
    const refused = await checkKey(provider, endpoint, patienceMs);
    return refused ? failure(refused.code, refused.message) : listed;
  }
  if (listed.code !== 'model_reply_invalid') return failure(listed.code, listed.message);
  if (handle === null)
    return failure(
      'model_unknown',
      `${endpoint.name} at ${addressOf(endpoint)} lists no models. Name one with --model to try it, check the address, or skip the test with --no-test.`,
    );
  return (await firstWord(trial, handle)) ?? null;
}

async function firstWord({ env, connected }: Trial, handle: string): Promise<Failure | null> {
  const model = await resolveModel(handle, env, () => connected);
  if (isNoModel(model)) return model;
  const signal = AbortSignal.timeout(patienceMs);
  const content = 'Answer with the one word: ready';
  for await (const part of model.stream({
    system: '',
    transcript: [{ kind: 'user', id: 'connect', at: 0, content, otid: null }],
    tools: [],
    signal,
  }))
    return part.kind === 'failed' ? failure(part.code, part.message) : null;
  return failure('model_unavailable', `${handle} said nothing within ${patienceMs / 1000} s. Try again.`);
}
