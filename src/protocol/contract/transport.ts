import * as z from 'zod';
import { command, push } from '../builders.ts';
import { limits } from '../limits.ts';
import { anyObject, requestId } from '../shapes.ts';

const onLink = { on: 'link', demands: [], parkable: false, chunked: false, redact: [], route: null } as const;
const noIds = { asks: [], answers: [], names: [] } as const;

export const transportCommands = {
  ping: command({
    ...onLink,
    summary: 'Asks for a sign of life.',
    request: anyObject,
    // Some brokers answer without a time.
    reply: {
      type: 'pong',
      payload: z.looseObject({ timestamp: z.number().optional() }),
      neutral: {},
      flag: null,
    },
    privilege: 'observe',
    deadlineMs: 30_000,
    ids: noIds,
    since: 'seed',
  }),
  ack: command({
    ...onLink,
    summary: 'Acknowledges every frame up to a transport number.',
    request: z.looseObject({ seq: z.number().int() }),
    reply: null,
    privilege: 'observe',
    deadlineMs: 0,
    ids: noIds,
    since: 'seed',
  }),
  client_hello: command({
    ...onLink,
    summary: 'Says that this client knows the extensions.',
    request: z.looseObject({
      request_id: requestId.optional(),
      features: z.array(z.string()).optional(),
      name: z.string().max(limits.id).optional(),
      /** A session that was cut off and wants to go on (SEQ-3). */
      session: z.string().max(limits.id).optional(),
      resume_token: z.string().max(limits.id).optional(),
      last_seq: z.number().int().min(0).optional(),
    }),
    reply: {
      type: 'hello',
      payload: z.looseObject({
        version: z.string(),
        features: z.array(z.string()),
        /** Only where frames bear `seq`. */
        session: z.string().optional(),
        resume_token: z.string().optional(),
        /** `ok`: what was missed follows. `reset`: sync. */
        verdict: z.enum(['ok', 'reset']).optional(),
      }),
      neutral: { version: '', features: [] },
      flag: 'success',
    },
    privilege: 'observe',
    deadlineMs: 30_000,
    ids: { asks: ['request_id'], answers: [], names: [] },
    since: 'farhand',
  }),
};

export const transportPushes = {
  listener_ready: push({
    summary: 'A broker acknowledges one socket of a pair.',
    body: z.looseObject({
      connection_generation: z.string().nullable(),
      connection_attempt: z.number().nullable(),
    }),
    audience: 'link',
    privilege: 'observe',
    redact: [],
    since: '0.30',
  }),
  error: push({
    summary: 'A failure that no reply type can carry.',
    body: z.looseObject({
      message: z.string(),
      code: z.string().optional(),
      request_id: requestId.optional(),
    }),
    audience: 'asker',
    privilege: 'observe',
    redact: [],
    since: 'seed',
  }),
  cancel_ack: push({
    summary: "Acknowledges an abort in the seed's words.",
    body: z.looseObject({
      request_id: requestId.optional(),
      accepted: z.boolean(),
      run_id: z.string().nullable(),
    }),
    audience: 'asker',
    privilege: 'observe',
    redact: [],
    since: 'seed',
  }),
};
