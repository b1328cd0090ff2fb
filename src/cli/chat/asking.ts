import type { Decision } from '../../client/client.ts';
import type { Approval } from '../../client/transcript.ts';
import type { Style } from '../program/style.ts';
import {
  type Question,
  questionLines,
  questionsOf,
  type Request,
  readRequest,
  requestLines,
  suggestionLines,
} from '../show/request.ts';
import { readAnswer, readDecision } from './decision.ts';

/** A request that the person is being asked about, and what they have said to it so far. */
export type Asking = {
  readonly request: Request;
  /** Of an AskUserQuestion call; null for an approval. */
  readonly questions: readonly Question[] | null;
  readonly answers: Readonly<Record<string, string | readonly string[]>>;
  /** The person's own version of the input. */
  readonly edited: Record<string, unknown> | null;
};

/** What follows from a line that was typed. */
export type Reaction =
  | { readonly do: 'decide'; readonly decision: Decision }
  | { readonly do: 'ask'; readonly asking: Asking; readonly lines: readonly string[] }
  | { readonly do: 'edit' };

export function beginAsking({ request_id, request, input_hash }: Approval): Asking | null {
  const read = readRequest({ request_id, request, input_hash });
  return read && { request: read, questions: questionsOf(read), answers: {}, edited: null };
}

export function askingLines(asking: Asking, style: Style): readonly string[] {
  const question = nextQuestion(asking);
  return question
    ? questionLines(question, style)
    : [...requestLines(asking.request, style), ...suggestionLines(asking.request, style)];
}

export const labelOf = (asking: Asking): string =>
  nextQuestion(asking) ? 'answer › ' : `${choices(asking)}[n]o and why, [e]dit, [v]iew › `;

/** Rules are offered for what was asked, not for what the person made of it. */
const offered = ({ request, edited }: Asking): Request['suggestions'] => (edited ? [] : request.suggestions);

function choices(asking: Asking): string {
  const { length } = offered(asking);
  if (length === 0) return '[y]es, ';
  return `[y]es, ${length === 1 ? '[1]' : `[1]-[${length}]`} and remember, `;
}

export function react(asking: Asking, line: string, style: Style): Reaction {
  const question = nextQuestion(asking);
  return question ? reactToAnswer(asking, question, line, style) : reactToDecision(asking, line, style);
}

function reactToDecision(asking: Asking, line: string, style: Style): Reaction {
  const { request, edited } = asking;
  const decision = readDecision(line);
  switch (decision.do) {
    case 'allow':
      return { do: 'decide', decision: { behavior: 'allow', updated_input: edited } };
    case 'remember': {
      const chosen = offered(asking)[decision.nth - 1];
      if (!chosen) return unclear(asking, style);
      return {
        do: 'decide',
        decision: { behavior: 'allow', selected_permission_suggestion_ids: [chosen.id] },
      };
    }
    case 'deny':
      return { do: 'decide', decision: { behavior: 'deny', message: decision.reason } };
    case 'edit':
      return { do: 'edit' };
    case 'view':
      return {
        do: 'ask',
        asking,
        lines: requestLines(edited ? { ...request, input: edited } : request, style, true),
      };
    case 'unclear':
      return unclear(asking, style);
  }
}

function unclear(asking: Asking, style: Style): Reaction {
  const { length } = offered(asking);
  const numbers = length === 0 ? '' : length === 1 ? ' 1,' : ` 1 to ${length},`;
  const lines = [
    style.yellow(`Please type y,${numbers} n (and why), e or v. To say something else, decide first.`),
  ];
  return { do: 'ask', asking, lines };
}

function reactToAnswer(asking: Asking, question: Question, line: string, style: Style): Reaction {
  const answer = readAnswer(question, line);
  if (answer === null) return { do: 'ask', asking, lines: questionLines(question, style) };
  const answers = { ...asking.answers, [question.question]: answer };
  const next = { ...asking, answers };
  if (nextQuestion(next)) return { do: 'ask', asking: next, lines: askingLines(next, style) };
  return {
    do: 'decide',
    decision: { behavior: 'allow', updated_input: { ...asking.request.input, answers } },
  };
}

const nextQuestion = ({ questions, answers }: Asking): Question | null =>
  questions?.find(({ question }) => !Object.hasOwn(answers, question)) ?? null;
