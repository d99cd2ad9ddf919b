export { toSteps, usageOfSteps } from './steps.ts';
export { RolloutTracer } from './tracer.ts';
