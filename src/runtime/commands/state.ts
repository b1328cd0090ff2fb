import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from '../../core/messages.ts';
import { initialState } from '../../core/state.ts';
import { pendingCalls, requestIdOf, requestOf } from '../../core/status.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { Scope } from '../../protocol/shapes.ts';
import type { Asker, Conversation } from '../conversation.ts';
import { checkOut } from '../git.ts';
import { snapshots } from '../snapshots.ts';
import { answered, type Handlers, type Request } from './handler.ts';

export const stateHandlers = {
  sync(frame, { device, asker }) {
    const { agent_id, conversation_id } = frame.runtime;
    const scope = { agent_id, conversation_id };
    const conversation = device.conversations.find(scope);
    if (conversation && 'code' in conversation) return { ok: false, failure: conversation };
    const { host } = device;
    for (const frameOut of conversation?.snapshots() ?? snapshots(scope, initialState, host)) {
      if (frameOut.type !== 'control_request' || frame.recover_approvals !== false) asker.tell(frameOut);
    }
    const head = host.store.head(scope);
    const payload = {
      runtime: scope,
      log_id: head?.log_id ?? null,
      head: head?.event_seq ?? 0,
      verdict: 'snapshot' as const,
    };
    return { ok: true, payload };
  },

  abort_message(frame, request) {
    const payload = { runtime: frame.runtime, aborted: false, run_id: null };
    return inExisting(
      frame.runtime,
      request,
      { do: 'abort', run_id: frame.run_id ?? null, as_of: frame.as_of ?? null },
      { ok: true, payload },
    );
  },

  resume_queue: (frame, request) =>
    inExisting(
      frame.runtime,
      request,
      { do: 'resume_queue' },
      { ok: true as const, payload: { runtime: frame.runtime, resumed: 0 } },
    ),

  remove_queue_item(frame, request) {
    const none = failure(
      'queue_item_not_found',
      `No input waits as ${frame.item_id}: the conversation has not begun.`,
    );
    return inExisting(
      frame.runtime,
      request,
      { do: 'remove_queue_item', id: frame.item_id },
      { ok: false, failure: none },
    );
  },

  async change_device_state(frame, { device, asker }) {
    const { mode, cwd, git_op, agent_id, conversation_id } = frame.payload;
    const scope = {
      agent_id: agent_id === undefined ? frame.runtime.agent_id : agent_id,
      conversation_id: conversation_id ?? frame.runtime.conversation_id,
    };
    const conversation = device.conversations.findOrCreate(scope);
    if ('code' in conversation) return { ok: false, failure: conversation };
    const once = answeredOnce(asker);
    if (mode !== undefined) conversation.obey({ do: 'set_mode', mode }, once);
    if (cwd !== undefined)
      conversation.obey(resolveCwd(conversation.state.cwd || device.host.cwd, cwd), once);
    if (git_op)
      conversation.obey(await checkout(conversation.state.cwd || device.host.cwd, git_op.branch), once);
    if (mode === undefined && cwd === undefined && !git_op) conversation.obey({ do: 'tell_status' }, once);
    return answered;
  },

  approvals_list(_frame, { device }) {
    const approvals = device.conversations.opened().flatMap((conversation) => {
      const { agent_id, conversation_id } = conversation.scope;
      return pendingCalls(conversation.state).map((call) => ({
        runtime: { agent_id, conversation_id },
        request_id: requestIdOf(call),
        request: requestOf(call, conversation.state),
        input_hash: call.input_hash,
        since: call.since,
      }));
    });
    return { ok: true, payload: { approvals } };
  },
} satisfies Partial<Handlers>;

/** [ERR-1] Of a command that asks for several things the first failure is the answer. Each of them is told in the conversation. */
function answeredOnce(asker: Asker): Asker {
  let isAnswered = false;
  return {
    ...asker,
    answer(reply) {
      if (!isAnswered) asker.answer(reply);
      isAnswered ||= !reply.ok;
    },
  };
}

/** A command about what goes on in a conversation; one that has not begun has nothing going on. */
function inExisting<O>(scope: Scope, request: Request, command: Command, none: O) {
  const conversation: Conversation | Failure | null = request.device.conversations.find(scope);
  if (!conversation) return none;
  if ('code' in conversation) return { ok: false as const, failure: conversation };
  conversation.obey(command, request.asker);
  return answered;
}

/**
 * Relative paths start at the present folder, links are followed, and only a folder will do (protocol reference 3.7). Looked up without
 * waiting, so that an input that comes right behind finds the folder changed.
 */
function resolveCwd(from: string, asked: string): Extract<Command, { do: 'set_cwd' }> {
  const trimmed = asked.trim();
  const refused = { do: 'set_cwd', cwd: null, asked: trimmed } as const;
  if (trimmed === '') return { ...refused, missing: false };
  try {
    const path = realpathSync(resolve(from, trimmed));
    return statSync(path).isDirectory()
      ? { ...refused, cwd: path, missing: false }
      : { ...refused, missing: false };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return { ...refused, missing: code === 'ENOENT' || code === 'ENOTDIR' };
  }
}

/** Checks a branch out where the conversation works (seed 002, `git_op`). */
async function checkout(cwd: string, branch: string): Promise<Command> {
  const problem = await checkOut(cwd, branch);
  return problem === null ? { do: 'tell_status' } : { do: 'tell_problem', message: problem };
}
