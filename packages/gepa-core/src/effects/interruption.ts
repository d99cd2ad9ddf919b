/** Why an effect brought nothing that counts. */
export interface Interruption {
  readonly reason: 'aborted' | 'max_metric_calls' | 'max_cost' | 'unavailable';
  readonly error?: unknown;
}
