/** Only the conditions that are asked for: with all of them in one text a general plan could use no index. */
export class Conditions {
  readonly values: unknown[] = [];
  readonly #conditions: string[];

  constructor(...always: string[]) {
    this.#conditions = always;
  }

  add(condition: (at: string) => string, value: unknown): void {
    this.#conditions.push(condition(this.value(value)));
  }

  /** The parameter that stands for a value. */
  value(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  text(): string {
    return this.#conditions.length === 0 ? '' : `where ${this.#conditions.join(' and ')}`;
  }
}
