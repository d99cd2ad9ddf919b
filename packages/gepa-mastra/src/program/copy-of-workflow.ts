import { type AnyWorkflow, createWorkflow } from '@mastra/core/workflows';

/**
 * A copy of a workflow without its steps.
 *
 * @param isStored whether the copy's runs are stored, so that they can be resumed. Default: as those of the workflow.
 */
export function copyOfWorkflow(workflow: AnyWorkflow, isStored?: () => boolean): AnyWorkflow {
  const { id, description, metadata, inputSchema, outputSchema, stateSchema, requestContextSchema } =
    workflow;
  const { stepDefs, retryConfig, mastra, options } = workflow;
  return createWorkflow({
    id,
    inputSchema,
    outputSchema,
    stateSchema,
    requestContextSchema,
    description,
    metadata,
    steps: stepDefs,
    mastra,
    retryConfig,
    options: isStored === undefined ? options : { ...options, shouldPersistSnapshot: isStored },
  } as Parameters<typeof createWorkflow>[0]) as AnyWorkflow;
}
