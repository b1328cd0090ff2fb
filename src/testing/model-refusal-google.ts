import type { Content, GenerateContentRequest, Part } from './model-request-google.ts';
import { unknownSchemaFields } from './model-schema-google.ts';
import { sealFits } from './model-seal.ts';
import { type Problem, refused } from './model-wire.ts';

/** What the real API would say against a well-formed request, or nothing. */
export function refuseGoogle(request: GenerateContentRequest, model: string): Problem | undefined {
  const { contents } = request;
  const fields = refuseFields(request);
  if (fields) return fields;
  const said =
    refuseNames(request) ??
    refuseParts(contents) ??
    refuseTurns(contents) ??
    refuseSignatures(contents, model);
  return said === undefined ? undefined : refused(said);
}

type Tools = NonNullable<GenerateContentRequest['tools']>;

function declarationsIn(tools: Tools) {
  return tools.flatMap(({ functionDeclarations = [] }, i) =>
    functionDeclarations.map((declaration, j) => ({
      declaration,
      place: `tools[${i}].function_declarations[${j}]`,
    })),
  );
}

/** A field the API does not know is refused wherever it stands; all of them are named. */
function refuseFields({ tools = [] }: GenerateContentRequest): Problem | undefined {
  const wrong = declarationsIn(tools).flatMap(({ declaration, place }) =>
    declaration.parameters ? unknownSchemaFields(declaration.parameters, `${place}.parameters`) : [],
  );
  if (wrong.length === 0) return undefined;
  const fieldViolations = wrong.map(({ field, description }) => ({ field, description }));
  return refused(wrong.map(({ description }) => description).join('\n'), {
    details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations }],
  });
}

function refuseNames({ tools = [] }: GenerateContentRequest): string | undefined {
  const wrong = declarationsIn(tools).find(
    ({ declaration }) => !/^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/.test(declaration.name),
  );
  if (!wrong) return undefined;
  return `* GenerateContentRequest.${wrong.place}.name: Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.\n`;
}

function refuseParts(contents: readonly Content[]): string | undefined {
  if (contents.length === 0) return '* GenerateContentRequest.contents: contents is not specified\n';
  for (const [i, { parts = [] }] of contents.entries()) {
    if (parts.length === 0) {
      return `* GenerateContentRequest.contents[${i}].parts: contents.parts must not be empty.\n`;
    }
    const empty = parts.findIndex((part) => !DATA.some((kind) => kind in part));
    if (empty !== -1) {
      return `* GenerateContentRequest.contents[${i}].parts[${empty}].data: required oneof field 'data' must have one initialized field\n`;
    }
  }
  return undefined;
}

const DATA = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
];

/** Calls and results must follow each other, as many results as calls. */
function refuseTurns(contents: readonly Content[]): string | undefined {
  for (const [i, content] of contents.entries()) {
    const calls = callsIn(content).length;
    const results = resultsIn(content).length;
    const before = contents[i - 1];
    if (calls > 0 && (!before || before.role === 'model')) {
      return 'Please ensure that function call turn comes immediately after a user turn or after a function response turn.';
    }
    if (results > 0 && (!before || callsIn(before).length === 0)) {
      return 'Please ensure that function response turn comes immediately after a function call turn.';
    }
    const next = contents[i + 1];
    if (calls > 0 && calls !== (next ? resultsIn(next).length : 0)) {
      return 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.';
    }
  }
  return undefined;
}

function callsIn({ role, parts = [] }: Content): Part[] {
  return role === 'model' ? parts.filter((part) => part.functionCall) : [];
}

function resultsIn({ role, parts = [] }: Content): Part[] {
  return role === 'model' ? [] : parts.filter((part) => part.functionResponse);
}

/** What the documentation offers to those who have no signature, such as of calls another model made. */
const WITHOUT_SIGNATURE = ['skip_thought_signature_validator', 'context_engineering_is_the_way_to_go'];

/** Since Gemini 3, the first call of every answer since the user last spoke must bring its signature back. */
function refuseSignatures(contents: readonly Content[], model: string): string | undefined {
  const spokenTo = contents.findLastIndex(
    ({ role, parts = [] }) => role !== 'model' && parts.some((part) => !part.functionResponse),
  );
  for (const [i, content] of contents.entries()) {
    const signed = (content.parts ?? []).flatMap((part) => part.thoughtSignature ?? []);
    if (signed.some((seal) => !WITHOUT_SIGNATURE.includes(seal) && !sealFits(seal))) {
      return 'Corrupted thought signature.';
    }
    const [first] = callsIn(content);
    if (i < spokenTo || /gemini-[12]/.test(model) || !first || first.thoughtSignature) continue;
    return `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${first.functionCall?.name}\` , position ${i + 1}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.`;
  }
  return undefined;
}
