/** The next turn of the event loop: until then timers and signals have had their say, and what was ready is done. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
