/** What a text may hold at most before anything parses it. */
export interface JsonLimits {
  depthMax: number;
  /** Members and elements of the whole text. */
  partsMax: number;
}

/** What is beyond the limits, counted without parsing: brackets and commas outside of strings. Works on text that is no JSON, too. */
export function findExcess(
  text: string,
  { depthMax, partsMax }: JsonLimits,
): 'too_deep' | 'too_many_parts' | null {
  let depth = 0;
  let parts = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at) - 1;
    } else if (character === '{' || character === '[') {
      depth += 1;
      if (depth > depthMax) return 'too_deep';
    } else if (character === '}' || character === ']') {
      depth -= 1;
    } else if (character === ',') {
      parts += 1;
      if (parts > partsMax) return 'too_many_parts';
    }
  }
  return null;
}

/** Index just after the closing quote of the string that opens at `at`; beyond the text where none closes it. */
export function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

/** The same JSON without the white space between its parts; what stands in strings is kept to the letter. */
export function withoutWhiteSpace(text: string): string {
  const kept: string[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '"') {
      const end = endOfString(text, at);
      kept.push(text.slice(at, end));
      at = end - 1;
    } else if (!' \t\r\n'.includes(character)) {
      kept.push(character);
    }
  }
  return kept.join('');
}
