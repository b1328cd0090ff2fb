import * as z from 'zod';
import { command, push } from '../builders.ts';
import { anyObject, id, requestId, scope } from '../shapes.ts';

const onDevice = {
  on: 'device',
  privilege: 'send',
  demands: [],
  deadlineMs: 30_000,
  parkable: false,
  chunked: false,
  redact: [],
  since: '0.30',
  route: null,
} as const;

/** A tool that a client runs itself. */
export const externalTool = z.looseObject({
  /** As models can call it. */
  name: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be 1 to 128 of A-Z a-z 0-9 _ -'),
  /** For people. */
  label: z.string().optional(),
  description: z.string(),
  /** JSON Schema of the input. */
  parameters: anyObject,
});

/** Tools of one client. With a `scope_id` only inputs that list it in `external_tool_scope_ids` offer them to the model. */
export const toolGroup = z.looseObject({ scope_id: id.optional(), tools: z.array(externalTool) });

export const externalToolCommands = {
  runtime_external_tools_update: command({
    ...onDevice,
    summary: 'Replaces the tools that this client offers to conversations; an empty list takes them back.',
    request: z.looseObject({
      request_id: requestId,
      updates: z.array(
        z.looseObject({ runtimes: z.array(scope).min(1), external_tools: z.array(toolGroup) }),
      ),
    }),
    reply: {
      type: 'runtime_external_tools_update_response',
      payload: anyObject,
      neutral: {},
      flag: 'success',
    },
    ids: { asks: ['request_id'], answers: [], names: [] },
  }),
  external_tool_call_response: command({
    ...onDevice,
    summary: 'What came of a call of a tool that this client offers. The first answer counts (TOOL-6).',
    request: z
      .looseObject({
        /** Of the `external_tool_call_request`. */
        request_id: id,
        result: z.looseObject({ content: z.array(anyObject), is_error: z.boolean().optional() }).optional(),
        error: z.string().optional(),
      })
      .refine(({ result, error }) => result !== undefined || error !== undefined, {
        error: 'must have a result, or an error',
      }),
    reply: null,
    deadlineMs: 0,
    ids: { asks: [], answers: ['request_id'], names: [] },
  }),
  client_gone: command({
    ...onDevice,
    summary: 'A hub says that a client has left which offered tools: they are taken back.',
    request: anyObject,
    reply: null,
    privilege: 'observe',
    deadlineMs: 0,
    ids: { asks: [], answers: [], names: [] },
    since: 'farhand',
  }),
};

export const externalToolPushes = {
  external_tool_call_request: push({
    summary:
      'A model calls a tool that this client offers; answered by `external_tool_call_response` (TOOL-6).',
    body: z.looseObject({
      request_id: z.string(),
      runtime: scope,
      scope_id: z.string().optional(),
      tool_call_id: z.string(),
      tool_name: z.string(),
      input: anyObject,
      /** The session it is for, between a device and its hub. */
      holder: z.string().optional(),
    }),
    audience: 'holders',
    privilege: 'observe',
    redact: [],
    since: '0.30',
  }),
};
