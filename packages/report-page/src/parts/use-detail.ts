import { useEffect, useState } from 'preact/hooks';
import { source, version } from '../data/store.ts';

export type Loaded<Value> =
  | { readonly value: Value }
  | { readonly error: string }
  | { readonly isLoading: true };

/** A part of the run that is read on first use, and again when a live run changes. */
export function useDetail<Value>(key: string, read: () => Promise<Value>): Loaded<Value> {
  const [state, setState] = useState<{ key: string; loaded: Loaded<Value> }>();
  const change = source.isLive ? version.value : 0;
  // `key` identifies the part that `read` reads, `change` its version.
  useEffect(() => {
    let isCurrent = true;
    read().then(
      (value) => isCurrent && setState({ key, loaded: { value } }),
      (error: Error) => isCurrent && setState({ key, loaded: { error: error.message } }),
    );
    return () => {
      isCurrent = false;
    };
  }, [key, change]);
  return state?.key === key ? state.loaded : { isLoading: true };
}
