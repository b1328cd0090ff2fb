import type { Frame } from '../protocol/frames.ts';
import type { TestDevice } from './device.ts';

const parameters = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] };
/** A tool as a client offers it. */
export const tool = (name = 'lookup_ticket') => ({
  name,
  label: 'Look',
  description: 'Looks up a ticket',
  parameters,
});
/** The tool, in a scope where one is named. */
export const groups = (scope_id?: string) => [{ ...(scope_id && { scope_id }), tools: [tool()] }];

/** A client of a bare device that offers tools, as its hub would stamp it. */
export function client(test: TestDevice, session: string) {
  let n = 0;
  async function ask(frame: Frame): Promise<Frame> {
    n += 1;
    const request_id = `${session}:r${n}`;
    test.send({ ...frame, request_id });
    return test.until((reply) => reply.request_id === request_id && reply.snapshot !== true);
  }
  return {
    ask,
    offer: (external_tools: readonly object[], more: object = {}) =>
      ask({
        type: 'runtime_start',
        agent_id: test.device.defaultAgent(),
        conversation_id: 'default',
        mode: 'unrestricted',
        external_tools,
        ...more,
      }),
    update: (external_tools: readonly object[], runtimes: readonly object[] = [test.scope()]) =>
      ask({ type: 'runtime_external_tools_update', updates: [{ runtimes, external_tools }] }),
    leave: () => test.send({ type: 'client_gone', request_id: `${session}!` }),
    answer: (request: Frame, what: object) =>
      test.send({
        type: 'external_tool_call_response',
        request_id: `${session}:${request.request_id}`,
        ...what,
      }),
  };
}
