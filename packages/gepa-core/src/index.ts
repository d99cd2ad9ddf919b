export * from './adapter.ts';
export * from './component.ts';
export * from './errors.ts';
export * from './language-model.ts';
export * from './metric.ts';
export * from './trace.ts';
export * from './usage.ts';
