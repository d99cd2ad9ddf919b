/** Why an effect brought nothing that counts. */
export interface Interruption {
  readonly reason: 'aborted' | 'maxMetricCalls' | 'maxCostUsd' | 'unavailable';
  readonly error?: unknown;
}
