import { type Provider, providers } from '../../runtime/models/providers.ts';

const rows = 12;

/** Asks which provider; null: the person left. */
export async function chooseProvider(): Promise<Provider | null> {
  const { autocomplete, isCancel } = await import('@clack/prompts');
  const options = providers.map((one) => ({
    value: one.prefix,
    label: one.prefix === 'openai-compatible' ? "Any other with OpenAI's API" : one.name,
    hint: one.keyNeeded ? one.keyVariables[0] : (one.baseUrl ?? one.baseVariable),
  }));
  const chosen = await autocomplete({ message: 'Which provider?', options, maxItems: rows });
  return isCancel(chosen) ? null : (providers.find(({ prefix }) => prefix === chosen) ?? null);
}

/** Asks where a model server is; null: the person left. */
export async function typeAddress(): Promise<string | null> {
  const { isCancel, text } = await import('@clack/prompts');
  const address = await text({
    message: 'Its address',
    placeholder: 'http://127.0.0.1:8000/v1',
    validate: (typed = '') =>
      /^https?:$/.test(URL.parse(typed)?.protocol ?? '') ? undefined : 'Write an http or https address.',
  });
  return isCancel(address) ? null : address;
}

/** Asks for a key, unseen; empty where none is needed, null: the person left. */
export async function typeKey({ name, keyNeeded }: Provider): Promise<string | null> {
  const { isCancel, password } = await import('@clack/prompts');
  const key = await password({
    message: keyNeeded ? `The API key of ${name}` : 'Its API key (empty: it needs none)',
    validate: (typed = '') =>
      keyNeeded && typed.trim() === '' ? `${name} takes no request without a key.` : undefined,
  });
  return isCancel(key) ? null : (key ?? '').trim();
}

/** Asks which model is to be the default; whoever leaves gets the one that would be it anyway. */
export async function chooseModel(handles: readonly string[], first: string | null): Promise<string | null> {
  const { autocomplete, isCancel } = await import('@clack/prompts');
  const chosen = await autocomplete({
    message: 'Which model where none is chosen?',
    options: handles.map((value) => ({ value, label: value })),
    maxItems: rows,
    ...(first !== null && { initialValue: first }),
  });
  return isCancel(chosen) ? first : chosen;
}
