import { failure } from '../../protocol/errors.ts';
import { answered, type Handlers } from './handler.ts';

export const modelHandlers = {
  async list_models(_frame, { device }) {
    const entries = await device.host.models();
    return {
      ok: true,
      payload: { entries: [...entries], available_handles: entries.map(({ handle }) => handle) },
    };
  },

  /** The main conversation's model is the agent's (protocol reference 3.14). */
  async update_model({ runtime, payload }, { device, asker }) {
    const handle = payload.model_handle ?? payload.model_id ?? '';
    const model = device.host.model(handle);
    if ('code' in model)
      return {
        ok: false,
        failure: failure(model.code, model.message),
        fields: { model_id: payload.model_id },
      };
    const conversation = device.conversations.findOrCreate(runtime);
    if ('code' in conversation) return { ok: false, failure: conversation };
    const agent = runtime.agent_id === null ? null : device.host.store.agent(runtime.agent_id);
    const own = runtime.conversation_id !== 'default' || agent === null;
    if (!own) device.host.store.putAgent({ ...agent, model: handle });
    conversation.obey({ do: 'set_model', model: handle, own }, asker);
    return answered;
  },
} satisfies Partial<Handlers>;
