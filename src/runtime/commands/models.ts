import { failure } from '../../protocol/errors.ts';
import { answered, type Handlers } from './handler.ts';

const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

export const modelHandlers = {
  async list_models(_frame, { device }) {
    const entries = await device.host.models();
    return {
      ok: true,
      payload: { entries: [...entries], available_handles: entries.map(({ handle }) => handle) },
    };
  },

  /** The main conversation's model is the agent's (protocol reference 3.14). */
  update_model({ runtime, payload }, { device, asker }) {
    const handle = payload.model_handle ?? payload.model_id ?? '';
    const { reasoning_effort: effort } = payload;
    const why =
      typeof effort === 'string' && !efforts.includes(effort)
        ? failure(
            'frame_invalid',
            `There is no reasoning effort ${JSON.stringify(effort.slice(0, 64))}. Efforts: ${efforts.join(', ')}, or null for the model's own.`,
          )
        : device.host.modelProblem(handle);
    if (why) return { ok: false, failure: why, fields: { model_id: payload.model_id } };
    const conversation = device.conversations.findOrCreate(runtime);
    if ('code' in conversation) return { ok: false, failure: conversation };
    const agent = runtime.agent_id === null ? null : device.host.store.agent(runtime.agent_id);
    const own = runtime.conversation_id !== 'default' || agent === null;
    if (!own) device.host.store.putAgent({ ...agent, model: handle });
    conversation.obey(
      { do: 'set_model', model: handle, own, ...(effort !== undefined && { effort }) },
      asker,
    );
    return answered;
  },
} satisfies Partial<Handlers>;
