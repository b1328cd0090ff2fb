import * as z from 'zod';
import { defineTool, failure, prepared, success } from './define.ts';

const option = z.looseObject({
  label: z.string().min(1).describe('What the person picks, one to five words'),
  description: z.string().optional().describe('What picking it means'),
});

const question = z.looseObject({
  question: z.string().min(1).describe('The whole question'),
  header: z.string().describe('One or two words that stand for it, at most 12 characters'),
  multiSelect: z.boolean().default(false).describe('Whether several options may be picked'),
  options: z.array(option).min(2).max(4).describe('The choices; the person may always answer something else'),
});

const answer = z.union([z.string(), z.array(z.string())]);

export const askUserQuestion = defineTool({
  name: 'AskUserQuestion',
  description:
    'Asks the person one to four questions with options to pick from, and waits for the answers. For choices that ' +
    'are the person’s to make; not for permission to run a tool, which is asked by itself.',
  input: z.looseObject({
    questions: z.array(question).min(1).max(4),
    answers: z.record(z.string(), answer).optional().describe('Filled in by the person, never by you'),
  }),
  example: {
    questions: [
      {
        question: 'Which database shall the service use?',
        header: 'Database',
        multiSelect: false,
        options: [
          { label: 'SQLite', description: 'One file, nothing to run' },
          { label: 'PostgreSQL', description: 'A server, many writers' },
        ],
      },
    ],
  },
  replay: 'safe',
  access: 'question',
  // A question to the person is always asked: no rule can answer it.
  prepare: async ({ questions, answers = {} }) =>
    prepared('Asking', async () => {
      const given = new Map(Object.entries(answers));
      if (given.size === 0)
        return failure('Nobody has answered. Go on without the answers, or ask again later.');
      const lines = questions.map(({ question, header }) => {
        const key = given.has(question) ? question : header;
        const said = given.get(key);
        given.delete(key);
        return line(question, said);
      });
      // What was said under any other name is passed on too.
      return success(
        ['The person answered:', ...lines, ...[...given].map(([key, said]) => line(key, said))].join('\n'),
      );
    }),
});

function line(question: string, said: z.output<typeof answer> | undefined): string {
  return `- ${question} ${said === undefined ? '(no answer)' : [said].flat().join(', ')}`;
}
