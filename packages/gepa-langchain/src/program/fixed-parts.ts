/** Scripts without spaces: up to four characters count as a word. */
const word = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]{1,4}|[\p{L}\p{N}]+/gu;

const MAX_LABEL_WORDS = 2;

/** The words of a template besides its variables. */
export function fixedWords(text: string, variables: readonly string[]): string[] {
  return withoutVariables(text, variables, ' ').match(word) ?? [];
}

/** Whether a template only labels its variables, as `Question: {question}\nAnswer:` does. */
export function isOnlyLabels(text: string, variables: readonly string[]): boolean {
  if (variables.length === 0) return false;
  return withoutVariables(text, variables, '\n')
    .split('\n')
    .map((line) => line.trim())
    .every((line) => {
      const words = line.match(word) ?? [];
      return words.length === 0 || (words.length <= MAX_LABEL_WORDS && isLabel(line));
    });
}

function withoutVariables(text: string, variables: readonly string[], instead: string): string {
  return variables.reduce((rest, variable) => rest.replaceAll(`{${variable}}`, instead), text);
}

/** A word before a colon, a heading, or a tag. */
function isLabel(line: string): boolean {
  return /[:：][\s*_"'`<[(]*$/.test(line) || /^#+\s/.test(line) || /^<\/?[\w-]+>(?:<\/?[\w-]+>)*$/.test(line);
}

/** How the instructions of LangChain's parsers begin, which a function may have put into a prompt. */
const parserOpenings =
  /^(Return a markdown code snippet|Your response should be a (list|numbered|datetime)|The output should be formatted as a XML)/;

/** Whether a text comes from an output parser: its schema and wording belong together. */
export function isParserInstruction(variable: string, text: string): boolean {
  return (
    /(?:format|output|parser)_?instructions?/i.test(variable) ||
    /"\$schema"|\bjson schema\b/i.test(text) ||
    parserOpenings.test(text)
  );
}
