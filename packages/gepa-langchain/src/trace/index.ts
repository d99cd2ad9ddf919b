export type { LooseText } from './attribution.ts';
export { reflectiveRecords } from './records.ts';
export { toSteps } from './steps.ts';
export { RolloutTracer } from './tracer.ts';
