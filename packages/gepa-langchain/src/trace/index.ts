export type { LooseText } from './attribution.ts';
export { reflectiveRecords } from './records.ts';
export { toSteps, usageOfSteps } from './steps.ts';
export { RolloutTracer } from './tracer.ts';
