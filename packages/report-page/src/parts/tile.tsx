import type { ComponentChildren } from 'preact';

/** A number with its name, in a `dl` with the class `tiles`. */
export function Tile({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
