import * as z from 'zod';
import { command } from '../builders.ts';
import { id, requestId } from '../shapes.ts';

const onDevice = {
  on: 'device',
  demands: [],
  parkable: false,
  chunked: false,
  ids: { asks: ['request_id'], answers: [], names: [] },
  redact: [],
  since: 'seed',
  deadlineMs: 30_000,
  route: null,
} as const;

export const gitCommands = {
  search_branches: command({
    ...onDevice,
    summary: 'Branches whose name contains the query, in any case; all of them for an empty query.',
    request: z.looseObject({
      request_id: requestId,
      query: z.string(),
      max_results: z.number().int().min(1).max(1_000).optional(),
      cwd: z.string().optional(),
    }),
    reply: {
      type: 'search_branches_response',
      // Names alone to clients of the seed dialect.
      payload: z.looseObject({
        branches: z.array(
          z.union([
            z.string(),
            z.looseObject({ name: z.string(), is_current: z.boolean(), is_remote: z.boolean() }),
          ]),
        ),
      }),
      neutral: { branches: [] },
      flag: 'success',
    },
    privilege: 'observe',
  }),
  checkout_branch: command({
    ...onDevice,
    summary: 'Checks a branch out, or makes it first.',
    request: z.looseObject({
      request_id: requestId,
      branch: id,
      create: z.boolean().optional(),
      cwd: z.string().optional(),
    }),
    reply: {
      type: 'checkout_branch_response',
      payload: z.looseObject({ branch: z.string() }),
      neutral: {},
      flag: 'success',
    },
    privilege: 'configure',
  }),
};
