import type { Run } from '@langchain/core/tracers/base';
import { toJsonSchema } from '@langchain/core/utils/json_schema';
import type { Step, StepTool } from 'gepa-core';
import { describeSchema } from 'gepa-core/adapter';
import { isNode, type Node } from '../program/node.ts';
import { isZodSchema } from '../program/schema/zod.ts';
import { maxOutputTokens } from './call-request.ts';
import { modelName } from './model-call.ts';

/** A longer description of a tool is shortened, since every call in a run directory has it. */
const MAX_DESCRIPTION_CHARACTERS = 600;
const MAX_TOOLS = 40;

/** What a model call has beside its messages, from its parameters: model, output limit, tools, answer schema. */
export function callContext(run: Run): Pick<Step, 'model' | 'maxOutputTokens' | 'tools' | 'responseFormat'> {
  const params = { ...nodeOf(run.extra?.options), ...definedIn(nodeOf(run.extra?.invocation_params)) };
  const offered = toolsOf(params);
  const model = modelName(run);
  const limit = maxOutputTokens(run);
  const forced = offered.length === 1 && isForced(params.tool_choice) ? offered[0] : undefined;
  const tools = forced === undefined ? offered : [];
  const responseFormat = answerSchema(params) ?? forced?.arguments;
  return {
    ...(model === undefined ? {} : { model }),
    ...(limit === undefined || !Number.isFinite(limit) ? {} : { maxOutputTokens: limit }),
    ...(tools.length === 0 ? {} : { tools }),
    ...(responseFormat === undefined ? {} : { responseFormat: describeSchema(responseFormat) }),
  };
}

/** The tools in the forms of the providers, and LangChain's own. */
function toolsOf({ tools, functions }: Node): StepTool[] {
  const definitions = [tools, functions]
    .flat()
    .filter(isNode)
    .flatMap((tool) => {
      const { functionDeclarations, function_declarations: declarations } = tool;
      const nested = functionDeclarations ?? declarations ?? tool.function ?? tool.toolSpec ?? tool;
      return [nested].flat().filter(isNode);
    });
  return definitions.slice(0, MAX_TOOLS).flatMap((tool) => {
    const { name, description, parameters, input_schema, inputSchema, schema } = tool;
    const form = jsonSchemaOf(
      parameters ?? input_schema ?? nodeOf(inputSchema).json ?? inputSchema ?? schema,
    );
    return typeof name !== 'string'
      ? []
      : [
          {
            name,
            ...(typeof description !== 'string' || description === ''
              ? {}
              : { description: description.slice(0, MAX_DESCRIPTION_CHARACTERS) }),
            ...(form === undefined ? {} : { arguments: describeSchema(form) }),
          },
        ];
  });
}

/** Structured output by a tool forces its call; the tool's arguments are then the answer. */
function isForced(choice: unknown): boolean {
  if (typeof choice === 'string') return choice !== 'auto' && choice !== 'none';
  return isNode(choice) && choice.type !== 'auto' && choice.type !== 'none';
}

function answerSchema(params: Node): unknown {
  const { response_format, text, format, output_config, generationConfig } = params;
  const openAi = nodeOf(response_format);
  const { responseSchema, responseJsonSchema } = { ...params, ...nodeOf(generationConfig) };
  return jsonSchemaOf(
    [
      nodeOf(openAi.json_schema).schema,
      openAi.schema,
      nodeOf(nodeOf(text).format).schema,
      nodeOf(nodeOf(output_config).format).schema,
      responseSchema,
      responseJsonSchema,
      isNode(format) ? format : undefined,
    ].find(isNode),
  );
}

function jsonSchemaOf(schema: unknown): unknown {
  try {
    return isZodSchema(schema) ? toJsonSchema(schema as never) : schema;
  } catch {
    return undefined;
  }
}

function definedIn(node: Node): Node {
  return Object.fromEntries(Object.entries(node).filter(([, value]) => value !== undefined));
}

function nodeOf(value: unknown): Node {
  return isNode(value) ? value : {};
}
