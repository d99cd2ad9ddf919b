export type { LooseText } from './attribution.ts';
export { toPlain } from './plain.ts';
export { reflectiveRecords } from './records.ts';
export { toSteps } from './steps.ts';
export { RolloutTracer } from './tracer.ts';
