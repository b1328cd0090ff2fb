import type { Scope } from '../protocol/shapes.ts';
import { scopeKey } from '../protocol/shapes.ts';
import { somethingElse } from './chaos-drive.ts';
import type { Kept, KeptByScope } from './chaos-evidence.ts';
import {
  type Broken,
  lost,
  story,
  strangers,
  type Told,
  takenBack,
  twice,
  wrongFiles,
} from './chaos-promise.ts';

/** All that is left when everybody has gone home. */
export type Evidence = {
  readonly kept: KeptByScope;
  /** What was sent, and the tool requests whose answer was taken, by `scopeKey`. */
  readonly sent: readonly { readonly scope: Scope; readonly key: string }[];
  readonly decided: readonly { readonly scope: Scope; readonly requestId: string }[];
  /** An answer that was taken may have waited behind an abort, and then it is too late. */
  readonly relayed: boolean;
  /** Of each client that had caught up, by `scopeKey`. */
  readonly clients: readonly ReadonlyMap<string, { readonly told: Told }>[];
  /** The lines of the marks file. */
  readonly marks: readonly string[];
  /** The content of a file of the working directory; null where there is none. */
  read(path: string): string | null;
};

/** Whether the promise held: what broke it, nothing otherwise. */
export function judge({ kept, sent, decided, relayed, clients, marks, read }: Evidence): Broken {
  const facts = [...kept.values()].flatMap((one) => one.facts);
  const toldOf = (key: string): readonly Told[] => clients.flatMap((views) => views.get(key)?.told ?? []);
  const missing = sent
    .filter(({ scope, key }) => !kept.has(scopeKey(scope)) && !takenBack(toldOf(scopeKey(scope)), key))
    .map(({ key }) => `lost: ${key}, and its whole conversation`);
  const each = [...kept].flatMap(([key, one]) => {
    const keys = sent.filter(({ scope }) => scopeKey(scope) === key).map((input) => input.key);
    const told = toldOf(key);
    const answers = decided.filter(({ scope }) => scopeKey(scope) === key);
    return [
      ...lost(one, keys, told),
      ...taken(one.facts),
      ...answers.flatMap(({ requestId }) => forgotten(one, requestId, relayed)),
      ...told.flatMap((client) => story(one, client)),
      ...twice(one.facts, marks),
      ...wrongFiles(one.facts, read),
    ];
  });
  return [...missing, ...each, ...strangers(facts, marks)];
}

/** [IN-1] Another message under the same id is not worked, wherever it waited. */
function taken(facts: Kept['facts']): Broken {
  return facts.flatMap((fact) => {
    if (fact.kind !== 'input_accepted') return [];
    const { messages, client_message_id: key } = fact.item;
    const isOther = messages.some(({ content }) => content === somethingElse);
    return isOther ? [`lost: something else was worked as ${key}`] : [];
  });
}

/** An answer to a tool request that was taken counts, and is the only one (APR-3). */
function forgotten({ facts }: Kept, requestId: string, relayed: boolean): Broken {
  const decisions = facts.filter(
    (fact) => fact.kind === 'call_decided' && requestId === `perm-${fact.call}`,
  ).length;
  const isLate = relayed && decisions === 0 && aborted(facts, requestId);
  return decisions === 1 || isLate
    ? []
    : [`lost: the answer to ${requestId} was taken, and is kept ${decisions} times`];
}

/** Whether the turn in which that was asked was stopped. */
function aborted(facts: Kept['facts'], requestId: string): boolean {
  const asked = facts.findIndex((fact) => fact.kind === 'call' && requestId === `perm-${fact.call.id}`);
  const end = facts.slice(asked).find((fact) => fact.kind === 'turn_finished');
  return end?.kind === 'turn_finished' && end.stop_reason === 'cancelled';
}
