import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';
import { useEffect, useLayoutEffect, useReducer, useRef } from 'preact/hooks';

export interface VirtualItem {
  readonly index: number;
  readonly start: number;
  readonly size: number;
}

export interface VirtualOptions {
  readonly count: number;
  readonly size: number;
  readonly element: () => HTMLElement | null;
  readonly horizontal?: boolean;
}

/** The items of a long list that are in view; the list scrolls in an element. */
export function useVirtual({ count, size, element, horizontal = false }: VirtualOptions) {
  const [, render] = useReducer((n: number) => n + 1, 0);
  const ref = useRef<Virtualizer<HTMLElement, HTMLElement>>(undefined);
  const options = {
    count,
    horizontal,
    getScrollElement: element,
    estimateSize: () => size,
    overscan: 8,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => render(undefined as never),
  };
  ref.current ??= new Virtualizer<HTMLElement, HTMLElement>(options);
  const virtualizer = ref.current;
  virtualizer.setOptions(options);
  useEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  return {
    items: virtualizer.getVirtualItems() as readonly VirtualItem[],
    total: virtualizer.getTotalSize(),
    show: (index: number) => virtualizer.scrollToIndex(index),
  };
}
