/** Everything the demo prints fits this many columns. */
export const WIDTH = 100;

/** `("30000.00", "COP")` → `"30,000.00 COP"`. */
export function sayAmount(amount: string, currency: string): string {
  return `${amount.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',')} ${currency}`;
}

/** `1234` → `"1.2 s"`; from two minutes on in minutes. */
export function sayDuration(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** Breaks a text between words so that no line is longer than `width`; a longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** A label and its text, the lines of the text under each other. */
export function sayLabeled(label: string, text: string): string {
  const indent = 14;
  return wrap(text, WIDTH - indent)
    .map((line, index) => `${(index === 0 ? label : '').padEnd(indent)}${line}`)
    .join('\n');
}

/** Cut to `width`, with a sign that something is missing. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
