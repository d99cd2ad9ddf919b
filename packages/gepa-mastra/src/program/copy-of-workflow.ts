import { type AnyWorkflow, createWorkflow } from '@mastra/core/workflows';

/** A copy of a workflow without its steps. */
export function copyOfWorkflow(workflow: AnyWorkflow, isRollout: boolean): AnyWorkflow {
  const { id, description, metadata, inputSchema, outputSchema, stateSchema, requestContextSchema } =
    workflow;
  const { stepDefs, retryConfig, mastra, options } = workflow;
  return createWorkflow({
    id,
    inputSchema,
    outputSchema,
    ...(stateSchema === undefined ? {} : { stateSchema }),
    ...(requestContextSchema === undefined ? {} : { requestContextSchema }),
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(stepDefs === undefined ? {} : { steps: stepDefs }),
    ...(mastra === undefined ? {} : { mastra }),
    retryConfig,
    options: isRollout ? { ...options, shouldPersistSnapshot: () => false } : options,
  } as Parameters<typeof createWorkflow>[0]) as AnyWorkflow;
}
