import type { ModelFinder } from '../../runtime/models/finder.ts';
import { isNoModel } from '../../runtime/models/handles.ts';
import type { Check } from './checks.ts';

const patienceMs = 5_000;

/** Asks the model of whoever chooses none for one word: only that shows that address, key and name are all right. */
export async function checkModel(finder: ModelFinder): Promise<Check> {
  const name = 'model';
  const chosen = await finder.choose();
  if (isNoModel(chosen)) return { name, state: 'fail', detail: chosen.message };
  const { handle, because } = chosen;
  if (handle === 'demo')
    return {
      name,
      state: 'ok',
      detail: `demo: built in, not an AI (${because}). farhand connect adds a real one, or start Ollama or LM Studio`,
    };
  const model = await finder.alone(handle);
  if (isNoModel(model)) return { name, state: 'fail', detail: model.message };
  const signal = AbortSignal.timeout(patienceMs);
  const content = 'Answer with the one word: ready';
  const since = performance.now();
  for await (const part of model.stream({
    system: 'You answer in one word.',
    transcript: [{ kind: 'user', id: 'doctor', at: 0, content, otid: null }],
    tools: [],
    signal,
  })) {
    if (part.kind === 'failed') return { name, state: 'fail', detail: `${handle}: ${part.message}` };
    const seconds = ((performance.now() - since) / 1000).toFixed(1);
    return { name, state: 'ok', detail: `${handle} answers (${seconds} s)` };
  }
  return {
    name,
    state: 'warn',
    detail: `${handle} did not answer within ${patienceMs / 1000} s; it may still be loading.`,
  };
}
