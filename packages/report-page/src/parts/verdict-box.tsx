import type { ComponentChildren } from 'preact';

const marks = { gain: '▲', loss: '▼', unsure: '≈', none: '•' };

/** What a run or an evaluation has shown, in a sentence, and what belongs to it. */
export function VerdictBox({
  verdict,
  children,
}: {
  verdict: { readonly kind: keyof typeof marks; readonly sentence: string };
  children: ComponentChildren;
}) {
  return (
    <section class={`verdict ${verdict.kind}`} aria-label="Verdict">
      <p class="sentence">
        <span class="verdict-mark" aria-hidden="true">
          {marks[verdict.kind]}
        </span>
        {verdict.sentence}
      </p>
      {children}
    </section>
  );
}
