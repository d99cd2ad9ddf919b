import { trimBlankLines } from '../../text/fence.ts';

const newText =
  "(?:(?:the|my|your|an?) )?(?:[\\w'-]+,? ){0,2}?(?:improved|new|updated|revised|rewritten|reworked|optimi[sz]ed|refined|" +
  'complete|final|full|enhanced|better|proposed|modified) (?:[\\w\'"`.-]+ ){0,4}?' +
  '(?:prompt|instructions?|text|version|description|template|wording|answer)';
const title = new RegExp(`^${newText}(?: for [^:]{0,80}| is| below)?:?$`, 'i');
const introductions = [
  /^(?:sure|certainly|of course|absolutely|okay|ok|understood|got it|great)(?: thing)?\s*[,.!:–—-][^:]{0,200}[.!:]?$/i,
  new RegExp(
    `^(?:here|below|this is|the following|i\\b|i've|based on|after|given)[^:]{0,200}?\\b${newText}\\b[^:]{0,120}:$`,
    'i',
  ),
  title,
];

/** Whether a line only introduces the text that follows. */
export function isIntroduction(line: string): boolean {
  const words = withoutMarks(line);
  return words.length <= 400 && introductions.some((introduction) => introduction.test(words));
}

/** A line without the marks of Markdown for emphasis and headings. */
export function withoutMarks(line: string): string {
  return line.replace(/[*_#]+/g, '').trim();
}

/** Removes the lines at the start that introduce the text. */
export function withoutIntroduction(text: string): string {
  const lines = trimBlankLines(text).split('\n');
  let start = 0;
  for (; start < lines.length; start++) {
    const line = lines[start]!;
    if (line.trim() === '') continue;
    if (!isIntroduction(line)) break;
    // A single line without a colon, such as "Give a complete answer", is the text itself.
    const words = withoutMarks(line);
    if (start === lines.length - 1 && title.test(words) && !words.endsWith(':')) break;
  }
  return lines.slice(start).join('\n');
}

const refusal =
  /^(?:(?:i'?m|i am) (?:sorry|afraid|unable|not able)|sorry\b|i (?:can ?not|can[’']t|could not|won[’']t)\b|as an ai\b|unfortunately\b|my apologies|i apologi[sz]e)/i;
const question =
  /\b(?:could|can|would|will) you (?:please |kindly )?(?:provide|share|clarify|send|specify|confirm|paste|show me|tell me|give me)\b|\b(?:would you like|do you want me|shall i|should i|let me know)\b|^please (?:provide|share|send|paste) (?:me )?(?:with )?(?:the|your|more|some)\b/i;
const closing = /^(?:i )?hope (?:this|that|it) helps\b|^feel free to\b/i;
const talk =
  /^(?:thank(?:s| you)\b|i (?:have |[’']ve )?(?:rewritten|improved|updated|added|changed|revised|removed|made|noticed|reviewed|kept|think|suggest|recommend|understand|see|notice|would)\b|i[’'](?:ve|d)\b|we (?:need|should|must|can see)\b|let me\b|let[’']s (?!think\b|work\b)|looking at\b|the (?:feedback|runs?|records?|current text|text above|new text|prompt above|user wants)\b|it (?:seems|looks|appears)\b|here are (?:some|a few|my|the changes)\b|to (?:improve|fix|mend) (?:the|this)\b|no changes?\b|the text (?:is|needs|should|lacks)\b)/i;

/** Whether an answer without a fence is a refusal, a question or talk about the text, by its first and last line. */
export function isTalk(text: string): boolean {
  const lines = trimBlankLines(text).split('\n');
  const ends = [lines[0]!, lines.at(-1)!].map((line) => withoutMarks(line.slice(0, 400)));
  const [first, last] = ends as [string, string];
  return (
    refusal.test(first) || talk.test(first) || closing.test(last) || ends.some((line) => question.test(line))
  );
}

const noun = '(?:text|prompt|instructions?|version|description)';
const words =
  '(?:(?:the|your|complete|full|whole|entire|new|improved|better|updated|revised|rewritten|final) )+';
/** Headings of records, as an answer that repeats or continues them has them. */
const record = /^(?:## Example \d+ \(score -?[\d.]+\)|### What the model saw)$/m;

export function isRecord(text: string): boolean {
  return record.test(text);
}

/** In brackets, with "here", or in the words of the prompt. "New text" alone may be a stub of a test. */
const samples = [
  new RegExp(`^[<[({]+ ?${words}${noun}[^>\\])}]{0,80}[>\\])}]+$`, 'i'),
  new RegExp(`^${words}${noun} (?:goes )?here[.…]*$`, 'i'),
  new RegExp(`^["']?(?:the )?(?:complete|full|whole|entire) (?:new )?${noun}["']?[.…]*$`, 'i'),
  /^[<[(]?(?:\.{3}|…)[>\])]?$/,
];

/** Whether a text is only a placeholder for a text, such as "The complete new text". */
export function isSample(text: string): boolean {
  return text.length < 200 && samples.some((sample) => sample.test(text));
}
