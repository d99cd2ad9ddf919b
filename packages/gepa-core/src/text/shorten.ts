/**
 * Shortens a text to `limit` characters by a note in its middle. The result is never shorter than the note alone. A note
 * in the part that is cut counts as the characters it stands for.
 */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const kept = Math.max(0, Math.floor(limit) - cutNote(charactersOf(text)).length);
  const head = wholeCharacters(text, Math.ceil(kept / 2));
  const tail = wholeCharacters(text, text.length - Math.floor(kept / 2));
  const shortened = text.slice(0, head) + cutNote(charactersOf(text.slice(head, tail))) + text.slice(tail);
  return shortened.length < text.length ? shortened : text;
}

function cutNote(characters: number): string {
  return `[… ${characters.toLocaleString('en-US')} characters cut …]`;
}

function charactersOf(cut: string): number {
  let characters = cut.length;
  for (const [note, count] of cut.matchAll(/\[… ([\d,]{1,20}) characters cut …\]/g)) {
    characters += Number(count!.replaceAll(',', '')) - note.length;
  }
  return characters;
}

/** The position, moved back by one if it would split a surrogate pair. */
function wholeCharacters(text: string, position: number): number {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(position - 1, position + 1))
    ? position - 1
    : position;
}
