import { it } from 'vitest';
import { condenseRecords } from '../reflection/records/condense-records.ts';
import { withoutNoise } from '../reflection/records/content-noise.ts';
import { entryKey } from '../reflection/records/entry-key.ts';
import { exampleTexts } from '../reflection/records/example-texts.ts';
import { answerInInput, inputOf } from '../reflection/records/example-parts.ts';
import { findText } from '../reflection/records/find-text.ts';
import { imagesIn, withoutBase64, imageOf } from '../reflection/records/images.ts';
import { hasSameContent } from '../reflection/records/same-content.ts';
import { messageKey } from '../reflection/records/shown-messages.ts';
import { shorten } from '../reflection/records/shorten.ts';
import { oneLine, renderHistory } from '../reflection/memory/history.ts';
import { isIntroduction, isRecord, isSample, isTalk, withoutIntroduction, withoutMarks } from '../reflection/answer/prose.ts';
import { namedSections, nameIn } from '../reflection/answer/named-blocks.ts';
import { withoutThinking } from '../reflection/answer/thinking.ts';
import { asAnswered } from '../reflection/answer/read-answer.ts';
import { fencedBlocks } from '../reflection/answer/fenced-blocks.ts';
import { toMarkdown } from '../reflection/prompt/markdown.ts';
import { describeSchema } from '../reflection/prompt/describe-schema.ts';
import { renderCalls } from '../reflection/prompt/call-outline.ts';
import { wrapText, wrapSpans, fitted, displayWidth, listItem } from '../report/wrap.ts';
import { diffRows } from '../report/diff-rows.ts';
import { diffCandidates } from '../report/diff.ts';
import { previewOf } from '../report-file/page-data.ts';
import { failureKind, messageOf, modelCallError, sentence, retryAfterMs } from '../calls/classify-error.ts';
import { secretsIn } from '../secrets.ts';
import { createMask } from '../redact.ts';
import { toPlain } from '../reflection/records/plain.ts';
import { visible, visibleJson } from '../report/visible.ts';
import { copyExample } from '../search/copy-example.ts';
import { linesFrom } from '../journal/lines-from.ts';
const shapes: Record<string, (n: number) => string> = {
  spaces: (n) => `a${' '.repeat(n)}b`, nl: (n) => `a${'\n'.repeat(n)}b`, dots: (n) => '.'.repeat(n), letters: (n) => 'a'.repeat(n), digits: (n) => '1'.repeat(n), ticks: (n) => '`'.repeat(n) + 'x', fences: (n) => '```\nx\n```\n\n'.repeat(n / 12), sure: (n) => 'Sure!\n'.repeat(n / 6), q: (n) => '{q}'.repeat(n / 3), braces: (n) => '{'.repeat(n), brackets: (n) => '['.repeat(n), quotes: (n) => '"'.repeat(n), bs: (n) => '\\'.repeat(n), words: (n) => 'word '.repeat(n / 5), lines: (n) => Array.from({ length: n / 8 }, (_, i) => `line ${i % 97}`).join('\n'), distinctLines: (n) => Array.from({ length: n / 10 }, (_, i) => `l${(i * 7919) % 100003} x`).join('\n'), b64: (n) => 'QUJD'.repeat(n / 4), b64pad: (n) => 'QUJDRA== '.repeat(n / 9), dataurl: (n) => 'data:image/png;base64,' + 'QUJD'.repeat(n / 4), dataurls: (n) => 'data:image/png;base64,AAAA '.repeat(n / 27), dataprefix: (n) => 'data:'.repeat(n / 5), datasemi: (n) => `data:image/${';a'.repeat(n / 2)}`, html: (n) => '<a href="x">'.repeat(n / 12), lt: (n) => '<'.repeat(n), hash: (n) => '#'.repeat(n), stars: (n) => '*'.repeat(n), starsx: (n) => '* x\n'.repeat(n / 4), dashes: (n) => '-'.repeat(n), colons: (n) => 'a: b\n'.repeat(n / 5), colon2: (n) => ':'.repeat(n), bidi: (n) => '\u202e'.repeat(n), zwj: (n) => '\u{1f469}\u200d'.repeat(n / 3), flags: (n) => '\u{1f1e6}'.repeat(n / 2), combining: (n) => `a${'\u0301'.repeat(n)}`, cjk: (n) => '漢'.repeat(n), surrogate: (n) => '\ud800'.repeat(n), esc: (n) => '\u001b[31m'.repeat(n / 5), escs: (n) => '\u001b['.repeat(n / 2), cr: (n) => '\r'.repeat(n), tabs: (n) => '\t'.repeat(n), json: (n) => JSON.stringify(Array.from({ length: n / 12 }, (_, i) => ({ a: i }))), urls: (n) => 'https://a.b/c?d=e '.repeat(n / 18), uuids: (n) => '123e4567-e89b-12d3-a456-426614174000 '.repeat(n / 37), times: (n) => '2025-01-01T00:00:00Z '.repeat(n / 21), hex: (n) => 'deadbeef'.repeat(n / 8), think: (n) => '<think>'.repeat(n / 7), a_spaces: (n) => 'a '.repeat(n / 2), pipes: (n) => '|'.repeat(n), parens: (n) => '('.repeat(n), under: (n) => '_'.repeat(n), questions: (n) => '? '.repeat(n / 2), apikey: (n) => 'api key '.repeat(n / 8), models: (n) => 'model '.repeat(n / 6), organization: (n) => 'organization '.repeat(n / 13),
};
const W = { message: (t: string) => ({ role: 'user', content: t }) };
const fns: Record<string, (t: string) => unknown> = {
  withoutNoise: (t) => withoutNoise([{ role: 'user', content: t, id: t }] as never), entryKey: (t) => entryKey({ role: 'user', content: t } as never), exampleTexts: (t) => [...(exampleTexts as any)({ input: t, expected: t, x: [t] })], answerInInput: (t) => answerInInput({ input: t, expected: t }), findText: (t) => (findText as any)(t + 'zz', t.slice(1), 200), imagesIn: (t) => imagesIn([t, { url: t, image_url: { url: t } }]), withoutBase64, imageOf: (t) => imageOf({ type: 'image', data: t, image: t, url: t, image_url: { url: t }, source: { data: t } }), sameContent: (t) => hasSameContent({ a: t }, { a: t + 'x' }), messageKey: (t) => messageKey(W.message(t)), shorten: (t) => shorten(t, 500), oneLine: (t) => oneLine(t, 100),
  isIntroduction, isRecord, isSample, isTalk, withoutIntroduction, withoutMarks, namedSections: (t) => namedSections(t.split('\n'), ['a', 'x', 'word']), nameIn: (t) => nameIn(t, ['a', 'x']), withoutThinking, asAnswered, fencedBlocks: (t) => fencedBlocks(t.split('\n')), toMarkdown: (t) => toMarkdown({ a: t, b: [t, { c: t }] } as never, 2000), describeSchema: (t) => describeSchema({ type: 'object', properties: { [t]: { type: 'string', description: t, enum: [t] } } }),
  wrapText: (t) => wrapText(t, 80), wrapSpans: (t) => (wrapSpans as any)([{ text: t }], 80), fitted: (t) => fitted(t, 60), displayWidth, listItem: (t) => listItem('- ', t, 80), diffRows: (t) => diffRows(t, t + '\nx ' + t.slice(5)), diffCandidates: (t) => diffCandidates({ a: t } as never, { a: t.slice(3) + 'zz' } as never), previewOf: (t) => previewOf({ input: t }), failureKind: (t) => failureKind(Object.assign(new Error(t), { status: 400, responseBody: t, body: t, error: { message: t, code: t }, code: t, name: t, type: t })), modelCallError: (t) => modelCallError(Object.assign(new Error(t), { code: t, stack: t })), messageOf: (t) => messageOf(new Error('x', { cause: Object.assign(new Error(t), { code: 'ECONNREFUSED' }) })), messageOf2: (t) => messageOf({ a: t }), sentence: (t) => sentence(new Error(t)), retryAfter: (t) => retryAfterMs({ headers: { 'retry-after': t }, details: [{ retryDelay: t }] }), secretsIn: (t) => secretsIn({ apiKey: t, url: t, a: `https://${t}`, [t]: t }), mask: (t) => createMask({ secrets: [t.slice(0, 15000), t.slice(0, 40)] }).data([t, t]), toPlain: (t) => toPlain({ [t]: [t] }), visible, visibleJson, copyExample: (t) => copyExample({ a: t }),
  condense: (t) => (condenseRecords as any)([{ Input: t, Output: [{ role: 'user', content: t }, { role: 'assistant', content: t }], Feedback: t }, { Input: t + 'x', Output: [{ role: 'user', content: t }], Feedback: t }]),
};
it('big', () => {
  const slow: [number, string][] = []; const errs = new Set<string>();
  for (const [fn, f] of Object.entries(fns)) for (const [sh, s] of Object.entries(shapes)) {
    const t = (n: number) => { const x = s(n); const a = performance.now(); try { f(x); } catch (e) { errs.add(`${fn} ${sh} ${(e as Error).name} ${(e as Error).message.slice(0, 80)}`); } return performance.now() - a; };
    t(1000); const a = t(20_000); if (a > 400) { slow.push([a, `${fn} ${sh} 20k ${a.toFixed(0)}`]); continue; } const b = t(80_000);
    if (b > 60 && b > 7 * a) slow.push([b, `${fn} ${sh} 20k ${a.toFixed(0)} 80k ${b.toFixed(0)}`]); else if (b > 400) slow.push([b, `SLOWISH ${fn} ${sh} ${a.toFixed(0)} ${b.toFixed(0)}`]);
  }
  console.log(slow.sort((x, y) => y[0] - x[0]).map(([, x]) => x).join('\n')); console.log([...errs].join('\n'));
}, 500_000);
