import { type Failure, failure } from '../protocol/errors.ts';
import { type Scope, scopeKey } from '../protocol/shapes.ts';
import type { ScopeId } from '../store/store.ts';
import { Conversation, fold } from './conversation.ts';
import type { Host } from './host.ts';

/** Every conversation of the home, opened when somebody needs it. */
export class Conversations {
  readonly #host: Host;
  readonly #open = new Map<string, Conversation>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Opens what was under way when the last owner went, so that it goes on without anybody asking. */
  recover(): void {
    for (const scope of this.#host.store.unfinished()) this.#load(scope);
  }

  /** A conversation that exists; null for one that may come into being with its first input. */
  find(scope: Scope): Conversation | Failure | null {
    const open = this.#open.get(scopeKey(scope));
    if (open) return open;
    const refusal = this.#refusal(scope);
    if (refusal) return refusal;
    return this.#host.store.conversation(idOf(scope)) ? this.#load(idOf(scope)) : null;
  }

  /** As `find`, but makes a new conversation: the agent's main one, or one whose id a client chose. */
  findOrCreate(scope: Scope): Conversation | Failure {
    const found = this.find(scope);
    if (found) return found;
    if (!mayBeMinted(scope.conversation_id)) {
      return failure(
        'conversation_not_found',
        `There is no conversation ${scope.conversation_id}. Create it first, or choose an id that begins with conv-.`,
      );
    }
    this.#host.store.createConversation(idOf(scope), this.#host.clock.now());
    return this.#load(idOf(scope));
  }

  /** Forgets the conversations of a deleted agent and stops what they do. */
  async drop(agentId: string): Promise<void> {
    const gone = [...this.#open].filter(([, conversation]) => conversation.scope.agent_id === agentId);
    for (const [key] of gone) this.#open.delete(key);
    await Promise.all(gone.map(([, conversation]) => conversation.close()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((conversation) => conversation.close()));
    this.#open.clear();
  }

  /** Those in memory: every one that has work under way is among them. */
  opened(): readonly Conversation[] {
    return [...this.#open.values()];
  }

  #refusal(scope: Scope): Failure | null {
    const { agent_id: agentId, conversation_id: id } = scope;
    if (agentId === null || !this.#host.store.agent(agentId)) {
      if (this.#host.store.deleted(idOf(scope)))
        return failure('conversation_deleted', `The conversation ${id} was deleted.`);
      return failure(
        'agent_not_found',
        `There is no agent ${agentId ?? '(none)'} on this device. List them with agent_list.`,
      );
    }
    if (id === 'default') return null;
    const other = this.#host.store.findConversation(id);
    if (!other || other.agent_id === agentId) return null;
    return failure('conversation_of_other_agent', `The conversation ${id} belongs to another agent.`);
  }

  #load(scope: ScopeId): Conversation {
    const loaded = this.#host.store.load(scope);
    const facts = loaded?.facts ?? [];
    const state = fold(loaded?.checkpoint?.state ?? null, facts);
    const conversation = new Conversation(scope, this.#host, { state, sinceCheckpoint: facts.length });
    this.#open.set(scopeKey(scope), conversation);
    return conversation;
  }
}

const idOf = ({ agent_id, conversation_id }: Scope): ScopeId => ({ agent_id, conversation_id });
export const mayBeMinted = (id: string): boolean =>
  id === 'default' || /^conv-[A-Za-z0-9._:-]{1,123}$/.test(id);
