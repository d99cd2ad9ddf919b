export type { LooseText } from './attribution.ts';
export { toSteps, usageOfSteps } from './steps.ts';
export { RolloutTracer } from './tracer.ts';
