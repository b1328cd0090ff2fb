import { nearest } from '../../protocol/nearest.ts';
import { addressOf } from '../../runtime/models/endpoint.ts';
import type { ModelFinder } from '../../runtime/models/finder.ts';
import { isNoModel, readHandle } from '../../runtime/models/handles.ts';
import { checkKey, isFailed, type Listed, listModels } from '../../runtime/models/listing.ts';
import type { Model, ModelPart, ModelRequest } from '../../runtime/models/model.ts';

/** One thing that has to be right for a model to work. */
export type Step = {
  readonly name: 'choice' | 'address' | 'key' | 'listed' | 'words' | 'tool' | 'usage';
  readonly state: 'ok' | 'warn' | 'fail';
  /** How long it took; null where nothing was waited for. */
  readonly ms: number | null;
  /** What was found; where it is not well, what to do. */
  readonly detail: string;
};

/** A model on this machine may have to be loaded first. */
const patienceMs = 90_000;

/** Goes the whole way to a model, one step after the other, and stops where it goes no further. */
export async function* modelSteps(finder: ModelFinder, asked: string | null): AsyncGenerator<Step> {
  const chosen =
    asked === null ? await finder.choose() : { handle: asked, because: 'the command line names it' };
  if (isNoModel(chosen)) return yield step('choice', 'fail', chosen.message);
  const { handle, because } = chosen;
  if (handle === 'demo')
    return yield step(
      'choice',
      'warn',
      `demo, since ${because}. It is built in and no AI: farhand connect adds a real model, or start Ollama or LM Studio.`,
    );
  const read = readHandle(handle);
  if (isNoModel(read)) return yield step('choice', 'fail', read.message);
  yield step('choice', 'ok', `${handle}, since ${because}`);

  const { provider, modelId } = read;
  const endpoint = await finder.endpoint(provider);
  if (isNoModel(endpoint)) return yield step('address', 'fail', endpoint.message);
  const since = clock();
  const listed = await listModels(provider, endpoint);
  const ms = since();
  if (isFailed(listed) && listed.code === 'model_unavailable')
    return yield step('address', 'fail', listed.message, ms);
  yield step('address', 'ok', `${endpoint.name} answers at ${addressOf(endpoint)}`, ms);
  const refused = isFailed(listed) ? listed : await checkKey(provider, endpoint);
  if (refused?.code === 'model_refused') return yield step('key', 'fail', refused.message);
  if (endpoint.key === '') yield step('key', 'ok', 'none is sent, and none was asked for so far');
  else if (refused) yield step('key', 'warn', `It is not known yet whether it is taken. ${refused.message}`);
  else yield step('key', 'ok', `the one in ${endpoint.keyVariable} is taken`);
  if (!isFailed(listed)) yield listedStep(listed, modelId, provider.prefix);

  const model = await finder.alone(handle);
  if (isNoModel(model)) return yield step('words', 'fail', model.message);
  const words = await say(model, 'Answer with the one word: ready', []);
  const { failed, usage, ended } = words;
  if (failed) return yield step('words', 'fail', failed, words.ms);
  if (!ended) return yield step('words', 'fail', silence(handle), words.ms);
  if (words.firstMs === null)
    return yield step(
      'words',
      'fail',
      `${handle} ended its answer without a word. Use another model.`,
      words.ms,
    );
  yield step('words', 'ok', `the first came after ${seconds(words.firstMs)}`, words.ms);

  yield await toolStep(model);
  if (!usage)
    return yield step(
      'usage',
      'warn',
      'It does not say how many tokens an answer took, so neither the cost nor how full a conversation is can be shown.',
    );
  const { prompt_tokens: read_, completion_tokens: written, cost_usd: cost } = usage;
  const price = cost === undefined ? '' : `, $${Number(cost.toPrecision(2))}`;
  yield step('usage', 'ok', `${read_} tokens read, ${written} written${price}`);
}

function listedStep(listed: readonly Listed[], modelId: string, prefix: string): Step {
  const ids = listed.map(({ id }) => id);
  const isThere = ids.some((id) => id === modelId || id === `${modelId}:latest`);
  if (isThere) return step('listed', 'ok', `it is one of the ${ids.length} models there`);
  const meant = nearest(modelId, ids);
  const advice = meant ? `Did you mean ${prefix}/${meant}?` : `farhand models ${prefix} shows them.`;
  return step('listed', 'warn', `It is none of the ${ids.length} models that are listed there. ${advice}`);
}

const tool: ModelRequest['tools'][number] = {
  name: 'report',
  description: 'Reports one word to the person who asked.',
  parameters: {
    type: 'object',
    properties: { word: { type: 'string', description: 'The word to report' } },
    required: ['word'],
    additionalProperties: false,
  },
};

async function toolStep(model: Model): Promise<Step> {
  const { call, failed, ended, ms } = await say(model, 'Call the tool report with the word "ready".', [tool]);
  const advice = 'An agent can do nothing with it: use a model that is made for tools.';
  if (failed) return step('tool', 'fail', `${failed} If it takes no tools: ${advice}`, ms);
  if (!ended) return step('tool', 'fail', silence(model.handle), ms);
  if (!call) return step('tool', 'fail', `It was asked to call a tool and answered in words. ${advice}`, ms);
  if (call.name !== tool.name || !isJson(call.args))
    return step(
      'tool',
      'fail',
      `It called "${call.name}" with ${call.args.slice(0, 80)}, which is not what was asked. ${advice}`,
      ms,
    );
  return step('tool', 'ok', 'it calls tools', ms);
}

type Said = {
  readonly firstMs: number | null;
  readonly ms: number;
  readonly call: Extract<ModelPart, { kind: 'call' }> | null;
  readonly usage: Extract<ModelPart, { kind: 'finish' }>['usage'];
  readonly failed: string | null;
  readonly ended: boolean;
};

async function say(model: Model, content: string, tools: ModelRequest['tools']): Promise<Said> {
  const since = clock();
  let said: Omit<Said, 'ms'> = { firstMs: null, call: null, usage: null, failed: null, ended: false };
  for await (const part of model.stream({
    system: 'You do exactly what you are asked, and nothing else.',
    transcript: [{ kind: 'user', id: 'doctor', at: 0, content, otid: null }],
    tools,
    signal: AbortSignal.timeout(patienceMs),
  })) {
    if (part.kind === 'failed') said = { ...said, failed: part.message };
    else if (part.kind === 'finish') said = { ...said, usage: part.usage, ended: true };
    else if (part.kind === 'call') said = { ...said, call: said.call ?? part };
    else if (part.kind !== 'kept') said = { ...said, firstMs: said.firstMs ?? since() };
  }
  return { ...said, ms: since() };
}

const silence = (handle: string): string =>
  `${handle} was not done within ${patienceMs / 1000} s. It may be too large for the machine: try a smaller one.`;

const step = (name: Step['name'], state: Step['state'], detail: string, ms: number | null = null): Step => ({
  name,
  state,
  ms,
  detail,
});

function clock(): () => number {
  const since = performance.now();
  return () => Math.round(performance.now() - since);
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
