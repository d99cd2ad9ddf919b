/** Memoizes a function, keeping the results of the `capacity` most recently used keys. */
export function memoize<T>(capacity: number, compute: (key: string) => T): (key: string) => T {
  const results = new Map<string, T>();
  return (key) => {
    const result = results.has(key) ? results.get(key)! : compute(key);
    results.delete(key);
    results.set(key, result);
    if (results.size > capacity) results.delete(results.keys().next().value!);
    return result;
  };
}
