import type { Screen, ScreenListener } from './screen.ts';

/** A screen that keeps what is written; what a person types is shown as `[label]text`. */
export class TestScreen implements Screen {
  interactive = true;
  text = '';
  label: string | null = null;
  #listener: ScreenListener | null = null;
  readonly #looks = new Set<() => void>();

  start(listener: ScreenListener): void {
    this.#listener = listener;
  }
  write(text: string): void {
    this.text += text;
    this.#look();
  }
  expect(label: string | null): void {
    this.label = label;
    this.#look();
  }
  progress(): void {}
  lend<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
  close(): void {}

  type(line: string): void {
    this.text += `[${this.label ?? ''}]${line}\n`;
    this.label = null;
    this.#listener?.line(line);
  }
  press(key: 'interrupt' | 'end'): void {
    this.#listener?.[key]();
  }
  until(is: (screen: TestScreen) => boolean): Promise<void> {
    return new Promise((found) => {
      const look = () => {
        if (!is(this)) return;
        this.#looks.delete(look);
        found();
      };
      this.#looks.add(look);
      look();
    });
  }
  /** The person may type. */
  ready = () => this.until(({ label }) => label === '› ');
  asked = () => this.until(({ label }) => label !== null && label !== '› ');
  says = (text: string) => this.until((screen) => screen.text.includes(text));
  #look(): void {
    for (const look of this.#looks) look();
  }
}
