import type { Keepsake } from '../../core/facts.ts';
import type { ModelPart } from '../models/model.ts';

type Field = 'assistant' | 'reasoning';
type Said = { readonly message: string; readonly field: Field; readonly text: string };

/** Sorts what a model says in one reply into messages: a new one begins with each change between text and thoughts, and after what is kept. */
export class Spoken {
  readonly #by: string;
  readonly #mint: () => string;
  #open: { readonly id: string; readonly field: Field } | null = null;
  readonly #kept: Record<string, Keepsake> = {};

  constructor(by: string, mint: () => string) {
    this.#by = by;
    this.#mint = mint;
  }

  /** `opens`: it is the first of its message. */
  say({
    kind,
    text,
  }: Extract<ModelPart, { kind: 'text' | 'reasoning' }>): Said & { readonly opens: boolean } {
    const field = kind === 'text' ? 'assistant' : 'reasoning';
    const opens = this.#open?.field !== field;
    const { id } = this.#message(field);
    return { message: id, field, text, opens };
  }

  /** An empty message where there is none yet to keep it with: thoughts may be told by their signature alone. */
  keep({ of, data }: Extract<ModelPart, { kind: 'kept' }>): Said | null {
    const field = of === 'text' ? 'assistant' : 'reasoning';
    const opens = this.#open?.field !== field;
    const { id } = this.#message(field);
    this.#kept[id] = { by: this.#by, data };
    this.#open = null;
    return opens ? { message: id, field, text: '' } : null;
  }

  /** By message id. */
  get keepsakes(): Readonly<Record<string, Keepsake>> {
    return this.#kept;
  }

  #message(field: Field): { readonly id: string } {
    if (this.#open?.field !== field) this.#open = { id: this.#mint(), field };
    return this.#open;
  }
}
