type Fields = Readonly<Record<string, unknown>>;

/** An error as an endpoint reports it, in whatever shape. */
export type Report = {
  /** Empty: it said nothing that a person could read. */
  readonly message: string;
  /** The HTTP status that belongs to the names in it. */
  readonly status: number | undefined;
  /** What it calls the error, in lower case: its code, its type, its status. */
  readonly names: readonly string[];
  /** Google's. */
  readonly details: readonly Fields[];
};

/** Reads the text of a body or event, or what was parsed of it. Plain text is a message, a web page is none. */
export function reportIn(said: unknown): Report {
  const value = typeof said === 'string' ? (parsed(said) ?? said) : said;
  const text = typeof value === 'string' && /^\s*[<{[]/.test(value) ? '' : messageIn(value);
  const levels = levelsOf(value);
  const names = levels.flatMap(({ code, type, status }) =>
    [code, type, status].flatMap((name) => (typeof name === 'string' ? [name.toLowerCase()] : [])),
  );
  const numbers = levels.flatMap(({ code, status }) => [statusIn(code), statusIn(status)]);
  const details = levels.flatMap(({ details: all }) => (Array.isArray(all) ? all.map(fieldsOf) : []));
  for (const { reason } of details) if (typeof reason === 'string') names.unshift(reason.toLowerCase());
  const named = names.map((name) => (Object.hasOwn(STATUS_OF, name) ? STATUS_OF[name] : undefined));
  const status = [...named, ...numbers].find((found) => found !== undefined);
  return { message: text ?? '', status, names, details };
}

/** Whether the endpoint says that the request is longer than the model can read. `status` 413 says nothing else. */
export function isOverflow({ message, names }: Report, status: number): boolean {
  if (status === 413 || names.some((name) => OVERFLOW_NAMES.has(name))) return true;
  // Local servers report it as an error of their own.
  return status !== 401 && status !== 403 && status <= 500 && OVERFLOW.test(message);
}

/** Whether there is no more to be had for the money: waiting for a moment does not help. */
export function isUsedUp({ message, names, details }: Report, status: number): boolean {
  if (status === 402 || names.some((name) => QUOTA_NAMES.has(name))) return true;
  if (QUOTA.test(message)) return true;
  // Google calls every limit a quota; those of a day are named so.
  return details.some(
    ({ violations }) =>
      Array.isArray(violations) && violations.some((one) => /PerDay/.test(String(fieldsOf(one).quotaId))),
  );
}

const OVERFLOW_NAMES = new Set(['context_length_exceeded', 'exceed_context_size_error', 'request_too_large']);

/** How they say it where they have no name for it, each with who does. */
const OVERFLOW = anyOf(
  /context[ _]length[ _]exceeded|maximum context length/, // OpenAI, vLLM, OpenRouter, Ollama, Mistral, DeepSeek
  /exceeds? the context (?:window|length)|context window exceeds/, // OpenAI's Responses, Ollama, MiniMax
  /prompt (?:is )?too long|exceed context limit/, // Anthropic, Z.ai, Ollama
  /input is too long for requested model/, // Bedrock
  /input token count.{0,40}exceeds|exceeds the limit of \d/, // Google, GitHub
  /exceeds the available context size/, // llama.cpp
  /context size has been exceeded|greater than the context length|when context the overflows/, // LM Studio
  /longer than the (?:maximum model|model'?s context) length/, // vLLM, SGLang, Together
  /maximum prompt length is \d|maximum allowed input length|exceeded model token limit/, // xAI, OpenRouter, Kimi
  /reduce the length of the (?:messages|input|prompt)|request too large for model/, // Groq, Cerebras, OpenAI by the minute
  /range of input length should be/, // Alibaba
);

function anyOf(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => source).join('|'), 'i');
}

const QUOTA_NAMES = new Set([
  'insufficient_quota',
  'billing_error',
  'billing_hard_limit_reached',
  'billing_not_active',
]);
const QUOTA =
  /credit balance is too low|insufficient (?:balance|credits?|funds)|out of credits|requires more credits/i;

/** Names of errors: OpenAI's and its followers', Anthropic's, Google's. */
const STATUS_OF: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  invalid_prompt: 400,
  context_length_exceeded: 400,
  insufficient_quota: 402,
  billing_error: 402,
  invalid_api_key: 401,
  api_key_invalid: 401,
  authentication_error: 401,
  permission_error: 403,
  model_not_found: 404,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_exceeded: 429,
  rate_limit_error: 429,
  server_error: 500,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
  invalid_argument: 400,
  failed_precondition: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  resource_exhausted: 429,
  internal: 500,
  unavailable: 503,
  deadline_exceeded: 504,
};

function statusIn(code: unknown): number | undefined {
  const number = Number(code);
  return Number.isInteger(number) && number >= 400 && number < 600 ? number : undefined;
}

/** From the innermost error outwards: what is nearest to it knows best. */
function levelsOf(value: unknown): Fields[] {
  const fields = fieldsOf(value);
  // An answer that failed has its error inside; Google sends lists of one.
  const inner = Array.isArray(value) ? value[0] : (fields.error ?? fields.response ?? fields.data);
  return [...(typeof inner === 'object' && inner !== null ? levelsOf(inner) : []), fields];
}

function messageIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return messageIn(value[0]);
  const { error, message, detail, response, data } = fieldsOf(value);
  for (const part of [error, message, detail, response, data]) {
    const found = part === undefined || part === null ? undefined : messageIn(part);
    if (found !== undefined) return found;
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
