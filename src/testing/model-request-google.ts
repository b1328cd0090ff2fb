import * as z from 'zod';
import type { Message } from './model-choice.ts';
import { firstIssue, placeOf } from './model-issue.ts';
import { type Problem, refused } from './model-wire.ts';

const part = z.looseObject({
  text: z.string().exactOptional(),
  thought: z.boolean().exactOptional(),
  thoughtSignature: z.string().exactOptional(),
  functionCall: z
    .looseObject({ id: z.string().exactOptional(), name: z.string(), args: z.unknown() })
    .exactOptional(),
  functionResponse: z
    .looseObject({
      id: z.string().exactOptional(),
      name: z.string().min(1),
      response: z.record(z.string(), z.unknown()),
    })
    .exactOptional(),
});
const content = z.looseObject({
  role: z.enum(['user', 'model', 'function']).exactOptional(),
  parts: z.array(part).exactOptional(),
});
export type Content = z.infer<typeof content>;
export type Part = z.infer<typeof part>;

const requestSchema = z.looseObject({
  contents: z.array(content),
  systemInstruction: content.extend({ role: z.string().exactOptional() }).exactOptional(),
  generationConfig: z
    .looseObject({
      maxOutputTokens: z.int().exactOptional(),
      thinkingConfig: z
        .looseObject({
          includeThoughts: z.boolean().exactOptional(),
          thinkingBudget: z.int().exactOptional(),
          thinkingLevel: z.string().exactOptional(),
        })
        .exactOptional(),
    })
    .exactOptional(),
  tools: z
    .array(
      z.looseObject({
        functionDeclarations: z
          .array(
            z.looseObject({
              name: z.string(),
              description: z.string().exactOptional(),
              parameters: z.record(z.string(), z.unknown()).exactOptional(),
            }),
          )
          .exactOptional(),
      }),
    )
    .exactOptional(),
});

/** A `generateContent` request body as a client sends it; fields not named here are kept. */
export type GenerateContentRequest = z.infer<typeof requestSchema>;

/** The body if it is well-formed, else what the real API would say. */
export function readGenerateContent(
  body: unknown,
): { request: GenerateContentRequest } | { problem: Problem } {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) {
    const issue = firstIssue(parsed.error);
    return { problem: refused(`Invalid value at '${placeOf(issue)}': ${issue.message}`) };
  }
  return { request: parsed.data };
}

/** The conversation in the form scripts are chosen by: results of functions apart from what the user says with them. */
export function messagesOf({ systemInstruction, contents }: GenerateContentRequest): Message[] {
  const messages = contents.flatMap(({ role, parts = [] }): Message[] => {
    if (role === 'model') return [{ role: 'assistant', text: textOf(parts) }];
    const results = parts.flatMap(({ functionResponse }): Message[] =>
      functionResponse ? [{ role: 'tool', text: JSON.stringify(functionResponse.response) }] : [],
    );
    const speaks = parts.some((p) => !p.functionResponse);
    return speaks ? [...results, { role: 'user', text: textOf(parts) }] : results;
  });
  const instructions = textOf(systemInstruction?.parts ?? []);
  return instructions === '' ? messages : [{ role: 'system', text: instructions }, ...messages];
}

function textOf(parts: readonly Part[]): string {
  return parts.flatMap(({ text, thought }) => (text === undefined || thought ? [] : text)).join('\n');
}
