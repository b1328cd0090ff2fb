import { setImmediate } from 'node:timers/promises';
import type { Msg } from '../../core/messages.ts';
import { contextOf } from '../../core/transcript.ts';
import { limits } from '../../protocol/limits.ts';
import { scopeKey } from '../../protocol/shapes.ts';
import type { Host } from '../host.ts';
import type { ModelPart } from '../models/model.ts';
import { promptText } from '../prompt/sections.ts';
import { systemPromptOf } from '../prompt/system-prompt-of.ts';
import { isLongTurn } from './long-turn.ts';
import { modelOf } from './model-of.ts';
import { requestedCall } from './requested-call.ts';
import { Spoken } from './spoken.ts';
import type { Subject } from './subject.ts';
import { offeredTools } from './turn-tools.ts';

/** A tool request is named after its call, and that name must pass for an id when it is answered. */
const maxCallId = limits.id / 2;

type CallPart = Extract<ModelPart, { kind: 'call' }>;

/** One request of the turn: what the model says becomes reports, its calls are examined before anybody sees them. */
export async function runModel(
  conversation: Subject,
  host: Host,
  run: string,
  signal: AbortSignal,
  report: (msg: Msg) => void,
): Promise<void> {
  const tell = (body: Extract<Msg, { kind: 'model' }>['report']) =>
    report({ kind: 'model', run, report: body });
  const model = await modelOf(conversation, host);
  if ('code' in model) return tell({ kind: 'failed', ...model, retryable: false });
  const items = contextOf(conversation.transcript().items);
  const tools = offeredTools(conversation, host, model.handle);
  const { effort } = conversation.state;
  const cacheKey = scopeKey(conversation.scope);
  const system = promptText(await systemPromptOf(conversation, host, tools, model.handle));
  const spoken = new Spoken(model.handle, () => `msg-${host.mint()}`);
  const calls: CallPart[] = [];
  for await (const part of model.stream({ system, transcript: items, tools, effort, cacheKey, signal })) {
    switch (part.kind) {
      case 'text':
      case 'reasoning': {
        const { opens, ...said } = spoken.say(part);
        tell({ kind: 'text', ...said });
        // A burst never leaves the microtask queue: without a pause its first words, and everybody else, would wait for its last.
        if (opens || isLongTurn()) await setImmediate();
        break;
      }
      case 'kept': {
        const opened = spoken.keep(part);
        if (opened) tell({ kind: 'text', ...opened });
        break;
      }
      case 'notice':
        tell(part);
        break;
      case 'call':
        calls.push(part);
        break;
      case 'failed':
        return tell(part);
      case 'finish': {
        const seen = new Set(items.flatMap((item) => (item.kind === 'call' ? [item.call] : [])));
        const examined = [];
        for (const { id: given, name, args, kept } of calls) {
          const isUsable = given !== '' && given.length <= maxCallId && !seen.has(given);
          const id = isUsable ? given : `call-${host.mint()}`;
          seen.add(id);
          const keepsake = kept && { keepsake: { by: model.handle, data: kept } };
          examined.push(await requestedCall(conversation, host, tools, { id, name, args, ...keepsake }));
        }
        return tell({
          kind: 'finished',
          calls: examined,
          usage: part.usage,
          truncated: part.reason === 'max_tokens_exceeded',
          refused: part.reason === 'refused',
          window: model.window,
          keepsakes: spoken.keepsakes,
        });
      }
    }
  }
  // The port promises a last word; without one the reply cannot be trusted to be whole.
  tell({
    kind: 'failed',
    code: 'model_reply_invalid',
    message: 'The model ended its reply without saying why.',
    retryable: true,
  });
}
