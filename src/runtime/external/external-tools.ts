import { randomUUID } from 'node:crypto';
import type { Clock } from '../../link/clock.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { CommandFrame } from '../../protocol/frames.ts';
import { type Scope, scopeKey } from '../../protocol/shapes.ts';
import { externalTool } from '../tools/external.ts';
import type { Tool } from '../tools/tool.ts';
import type { ExternalAnswer } from './external-result.ts';
import { sessionOf } from './holder.ts';
import { OpenCalls } from './open-calls.ts';

export type ToolGroup =
  CommandFrame<'runtime_external_tools_update'>['updates'][number]['external_tools'][number];

/** What one client offers to one conversation. */
type Offer = { readonly holder: string; readonly groups: readonly ToolGroup[] };

export type ExternalToolsOptions = {
  readonly clock: Clock;
  /** Names that no client may take. */
  readonly taken: readonly string[];
  publish(text: string): void;
};

/** Conversations to which tools are offered, counted per client. */
const maxOffers = 10_000;

/**
 * The tools that clients offer, as long as this process lives and until the client takes them back. A model's call goes to the client
 * that offered the tool (TOOL-6).
 */
export class ExternalTools {
  readonly #options: ExternalToolsOptions;
  readonly #calls: OpenCalls;
  /** By conversation, then by session; the newest offer last. */
  readonly #offers = new Map<string, Map<string, Offer>>();
  #count = 0;

  constructor(options: ExternalToolsOptions) {
    this.#options = options;
    this.#calls = new OpenCalls({ clock: options.clock, mint: randomUUID });
  }

  /** What is wrong with these tools, if anything. */
  refusal(groups: readonly ToolGroup[]): Failure | null {
    const own = groups.flatMap(({ tools }) => tools).find(({ name }) => this.#options.taken.includes(name));
    if (!own) return null;
    return failure(
      'frame_invalid',
      `The tool ${own.name} is the device's own. Offer yours under another name.`,
    );
  }

  /** Replaces what that client offers to the conversation; nothing takes it back. */
  offer(holder: string, scope: Scope, groups: readonly ToolGroup[]): Failure | null {
    const key = scopeKey(scope);
    const session = sessionOf(holder);
    this.#withdraw(key, session);
    if (groups.every(({ tools }) => tools.length === 0)) return null;
    if (this.#count >= maxOffers)
      return failure('quota', `Clients offer tools to ${maxOffers} conversations already. Take some back.`);
    const offers = this.#offers.get(key) ?? new Map<string, Offer>();
    this.#offers.set(key, offers.set(session, { holder, groups }));
    this.#count += 1;
    return null;
  }

  /** Takes back whatever that client offers. */
  leave(holder: string): void {
    for (const key of [...this.#offers.keys()]) this.#withdraw(key, sessionOf(holder));
  }

  /** What a turn may call: tools without a scope id, and those of the listed ones. Of equal names the newest is meant. */
  toolsFor(scope: Scope, scopeIds: readonly string[]): readonly Tool[] {
    const tools = new Map<string, Tool>();
    for (const { holder, groups } of this.#offers.get(scopeKey(scope))?.values() ?? []) {
      for (const { scope_id, tools: offered } of groups) {
        if (scope_id !== undefined && !scopeIds.includes(scope_id)) continue;
        for (const spec of offered) tools.set(spec.name, this.#tool(holder, scope, scope_id, spec));
      }
    }
    return [...tools.values()];
  }

  /** False when nothing waits for it. */
  answer(holder: string, requestId: string, answer: ExternalAnswer): boolean {
    return this.#calls.answer(sessionOf(holder), requestId, answer);
  }

  #tool(
    holder: string,
    { agent_id, conversation_id }: Scope,
    scopeId: string | undefined,
    spec: ToolGroup['tools'][number],
  ): Tool {
    return externalTool(spec, (input, toolCallId) =>
      this.#calls.prepare({
        session: sessionOf(holder),
        name: spec.name,
        ask: (request_id) =>
          this.#options.publish(
            JSON.stringify({
              type: 'external_tool_call_request',
              request_id,
              runtime: { agent_id, conversation_id },
              ...(scopeId !== undefined && { scope_id: scopeId }),
              tool_call_id: toolCallId,
              tool_name: spec.name,
              input,
              holder,
            }),
          ),
      }),
    );
  }

  #withdraw(key: string, session: string): void {
    const offers = this.#offers.get(key);
    if (!offers?.delete(session)) return;
    this.#count -= 1;
    if (offers.size === 0) this.#offers.delete(key);
  }
}
