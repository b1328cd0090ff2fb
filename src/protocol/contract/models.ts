import * as z from 'zod';
import { command } from '../builders.ts';
import { anyObject, id, requestId, scope } from '../shapes.ts';

const asks = {
  demands: [],
  parkable: false,
  chunked: false,
  ids: { asks: ['request_id'], answers: [], names: [] },
  redact: [],
  since: 'seed',
} as const;

export const modelEntry = z.looseObject({
  id,
  handle: z.string(),
  label: z.string(),
  description: z.string(),
  isDefault: z.boolean().optional(),
  isFeatured: z.boolean().optional(),
  free: z.boolean().optional(),
});

export const modelCommands = {
  list_models: command({
    ...asks,
    on: 'device',
    summary: 'The models that this device can use.',
    request: z.looseObject({ request_id: requestId, force: z.boolean().optional() }),
    reply: {
      type: 'list_models_response',
      payload: z.looseObject({
        entries: z.array(modelEntry),
        available_handles: z.array(z.string()).nullable(),
        byok_provider_aliases: z.record(z.string(), z.string()).optional(),
      }),
      neutral: { entries: [], available_handles: null },
      flag: 'success',
    },
    privilege: 'observe',
    deadlineMs: 30_000,
    route: { method: 'GET', path: '/v1/models' },
  }),
  update_model: command({
    ...asks,
    on: 'scope',
    summary: "Chooses the model of a conversation, or of the agent where it is the agent's main one.",
    request: z.looseObject({
      request_id: requestId,
      runtime: scope,
      payload: z
        .looseObject({
          model_id: id.optional(),
          model_handle: id.optional(),
          reasoning_effort: z.string().nullable().optional(),
        })
        .refine(({ model_id, model_handle }) => model_id !== undefined || model_handle !== undefined, {
          error: 'must name a model_handle or a model_id',
        }),
    }),
    reply: {
      type: 'update_model_response',
      payload: z.looseObject({
        runtime: scope,
        applied_to: z.enum(['agent', 'conversation']),
        model_id: z.string().optional(),
        model_handle: z.string(),
        model_settings: anyObject,
      }),
      neutral: {},
      flag: 'success',
    },
    privilege: 'configure',
    deadlineMs: 30_000,
    route: null,
  }),
};
