import { endOfString } from './json-limits.ts';

/** A member of the outermost object of a JSON text, with where its key begins and its value ends. */
export interface Member {
  key: string;
  start: number;
  end: number;
}

/**
 * Finds the members of the outermost object in the text itself, duplicates included, which a JSON parser
 * would hide. One pass without recursion.
 * `text` must be valid JSON whose outermost value is an object.
 */
export function findTopLevelMembers(text: string): Member[] {
  const members: Member[] = [];
  let depth = 0;
  let current: Member | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      if (depth === 1 && !current) current = { key: String(JSON.parse(text.slice(at, end))), start: at, end };
      at = end - 1;
    } else if (character === '{' || character === '[') {
      depth += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
    }
    const memberEnds = depth === 0 || (depth === 1 && character === ',');
    if (memberEnds && current) {
      members.push({ ...current, end: endWithoutSpace(text, at) });
      current = undefined;
    }
  }
  return members;
}

/** The text without the member at `index`: a last one goes with the comma before it, others with the one after. */
export function cutMember(text: string, members: readonly Member[], index: number): string {
  const member = members[index];
  if (!member) return text;
  const next = members[index + 1];
  if (next) return text.slice(0, member.start) + text.slice(next.start);
  const previous = members[index - 1];
  return text.slice(0, previous ? previous.end : member.start) + text.slice(member.end);
}

function endWithoutSpace(text: string, end: number): number {
  let trimmed = end;
  while (trimmed > 0 && ' \t\r\n'.includes(text[trimmed - 1] ?? '')) trimmed -= 1;
  return trimmed;
}
