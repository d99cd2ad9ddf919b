import { type AnyWorkflow, createWorkflow } from '@mastra/core/workflows';

/** What a copy has in common with the workflow. */
const fields = [
  'id',
  'description',
  'metadata',
  'inputSchema',
  'outputSchema',
  'stateSchema',
  'requestContextSchema',
  'mastra',
  'retryConfig',
  'options',
] as const;

/**
 * A copy of a workflow without its steps.
 *
 * @param isStored whether the copy's runs are stored, so that they can be resumed. Default: as those of the workflow.
 */
export function copyOfWorkflow(workflow: AnyWorkflow, isStored?: () => boolean): AnyWorkflow {
  const config = Object.fromEntries(fields.map((field) => [field, workflow[field]]));
  config.steps = workflow.stepDefs;
  if (isStored !== undefined) config.options = { ...workflow.options, shouldPersistSnapshot: isStored };
  return createWorkflow(config as never) as AnyWorkflow;
}
