import { setImmediate } from 'node:timers/promises';
import type { Msg } from '../../core/messages.ts';
import { limits } from '../../protocol/limits.ts';
import type { Host } from '../host.ts';
import { systemPrompt } from '../models/context.ts';
import type { ModelPart } from '../models/model.ts';
import { isLongTurn } from './long-turn.ts';
import { requestedCall } from './requested-call.ts';
import type { Subject } from './subject.ts';
import { turnTools } from './turn-tools.ts';

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
  const agent = conversation.scope.agent_id === null ? null : host.store.agent(conversation.scope.agent_id);
  const model = host.model(conversation.state.model ?? agent?.model ?? null);
  if ('code' in model) return tell({ kind: 'failed', ...model, retryable: false });
  const calls: CallPart[] = [];
  let message = null as { readonly id: string; readonly field: 'assistant' | 'reasoning' } | null;
  const { items } = conversation.transcript();
  const tools = turnTools(conversation, host);
  const system = systemPrompt({
    cwd: conversation.state.cwd,
    agentName: agent?.name ?? 'Farhand',
    date: new Date(host.clock.now()).toISOString().slice(0, 10),
    os: process.platform,
    tools,
  });
  for await (const part of model.stream({ system, transcript: items, tools, signal })) {
    switch (part.kind) {
      case 'text':
      case 'reasoning': {
        const field = part.kind === 'text' ? 'assistant' : 'reasoning';
        const opens = message?.field !== field;
        if (opens) message = { id: `msg-${host.mint()}`, field };
        if (message) tell({ kind: 'text', message: message.id, field, text: part.text });
        // A burst never leaves the microtask queue: without a pause its first words, and everybody else, would wait for its last.
        if (opens || isLongTurn()) await setImmediate();
        break;
      }
      case 'call':
        calls.push(part);
        break;
      case 'failed':
        return tell(part);
      case 'finish': {
        const seen = new Set(items.flatMap((item) => (item.kind === 'call' ? [item.call] : [])));
        const examined = [];
        for (const call of calls) {
          const isUsable = call.id !== '' && call.id.length <= maxCallId && !seen.has(call.id);
          const id = isUsable ? call.id : `call-${host.mint()}`;
          seen.add(id);
          examined.push(await requestedCall(conversation, host, { ...call, id }));
        }
        return tell({
          kind: 'finished',
          calls: examined,
          usage: part.usage,
          truncated: part.reason === 'max_tokens_exceeded',
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
