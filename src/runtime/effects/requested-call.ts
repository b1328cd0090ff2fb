import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Keepsake, RequestedCall } from '../../core/facts.ts';
import { rulingsByTable } from '../../core/permission.ts';
import { isDeeper } from '../../link/read-frame.ts';
import { limits } from '../../protocol/limits.ts';
import { wellFormed } from '../../protocol/well-formed.ts';
import type { Host } from '../host.ts';
import type { Tool } from '../tools/tool.ts';
import { toolContext } from './run-tool.ts';
import { furthest } from './still-allowed.ts';
import type { Subject } from './subject.ts';

/** SHA-256 of the RFC 8785 form: what a decision is bound to (APR-2). */
export const inputHash = (input: unknown): string =>
  createHash('sha256')
    .update(canonicalize(input) ?? '')
    .digest('hex');

/** Finds out about a call what the rules and the person need: its arguments, its reach, what an edit would change. `tools`: what the model was shown. */
export async function requestedCall(
  conversation: Subject,
  host: Host,
  tools: readonly Tool[],
  asked: { readonly id: string; readonly name: string; readonly args: string; readonly keepsake?: Keepsake },
): Promise<RequestedCall> {
  const parsed = parseArguments(asked.args);
  const tool = tools.find((one) => one.name === asked.name);
  const input = 'problem' in parsed ? {} : parsed.input;
  const about = (shown: Record<string, unknown>) => ({
    ...asked,
    message: `msg-${host.mint()}`,
    input: shown,
    input_hash: inputHash(shown),
  });
  const unusable = {
    ...about(input),
    replay: 'safe',
    rulings: rulingsByTable('execute', 'The call cannot be run'),
    suggestions: [],
    diffs: null,
  } as const;
  if (!tool) {
    const known = tools.map((one) => one.name).join(', ');
    return { ...unusable, problem: `There is no tool ${asked.name}. Tools: ${known}.` };
  }
  const problem = 'problem' in parsed ? parsed.problem : tool.check(input);
  if (problem !== null) return { ...unusable, problem };
  const context = toolContext(conversation, host, asked.id);
  const deeds = await tool.deeds(input, context);
  const reach = furthest(deeds);
  const judged = host.rules.judge(tool.rule ?? tool.name, deeds, context.cwd);
  const diffs = tool.preview ? await tool.preview(input, context) : null;
  // An answer is the person's to give: one that the model wrote into its own question must not pass for it.
  const { answers: _, ...question } = input;
  const shown = deeds.some(({ reach }) => reach === 'question') ? question : input;
  return { ...about(shown), reach, ...judged, replay: tool.replay, problem: null, diffs };
}

function parseArguments(args: string): { input: Record<string, unknown> } | { problem: string } {
  try {
    const input: unknown = args.trim() === '' ? {} : JSON.parse(args);
    if (typeof input !== 'object' || input === null || Array.isArray(input))
      return { problem: 'The arguments are not a JSON object. Call the tool again with an object.' };
    // Whatever reads a value level by level runs out of stack somewhere.
    if (isDeeper(input, limits.depth))
      return {
        problem: `The arguments nest more than ${limits.depth} levels. Call the tool again with flat ones.`,
      };
    return { input: wellFormed(input as Record<string, unknown>) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { problem: `The arguments are not valid JSON (${why}). Call the tool again with valid JSON.` };
  }
}
