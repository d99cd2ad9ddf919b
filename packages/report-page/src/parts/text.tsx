import { useMemo, useState } from 'preact/hooks';
import { formatCount, visible } from './format.ts';
import { readable } from './readable.ts';

/** The number of characters of a long text that are shown first, and added by each "Show more". */
const FIRST = 20_000;
const MORE = 200_000;

/** A value of the run as text, never as markup. Control and direction characters are made visible. */
export function Text({ value, label }: { value: unknown; label: string }) {
  const [shown, setShown] = useState(FIRST);
  const text = useMemo(() => readable(value), [value]);
  if (value === undefined) return <p class="quiet">None.</p>;
  const isCut = text.length > shown;
  return (
    <div class="text">
      <pre role="region" aria-label={label} tabIndex={0} class={typeof value === 'string' ? 'prose' : 'code'}>
        {text === '' ? <span class="quiet">(empty)</span> : visible(text.slice(0, shown))}
      </pre>
      <p class="text-tools">
        {isCut && (
          <>
            <span class="quiet">
              {formatCount(shown)} of {formatCount(text.length)} characters.{' '}
            </span>
            <button type="button" onClick={() => setShown(shown + MORE)}>
              Show more
            </button>{' '}
          </>
        )}
        {text.length > 200 && <CopyButton value={value} what={label} />}
      </p>
    </div>
  );
}

/** Copies a text as it is, and anything else as JSON. */
function CopyButton({ value, what }: { value: unknown; what: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof value === 'string' ? value : JSON.stringify(value, null, 2));
      setCopied(true);
    } catch {
      // Pages from a file may be denied the clipboard; the text can still be selected.
      setCopied(false);
    }
  };
  return (
    <button type="button" class="small" aria-label={`Copy: ${what}`} onClick={() => void copy()}>
      {isCopied ? 'Copied' : 'Copy'}
    </button>
  );
}
