import type { Run } from '@langchain/core/tracers/base';
import { toJsonSchema } from '@langchain/core/utils/json_schema';
import type { Step, StepTool } from 'gepa-core';
import { describeSchema, stepTools } from 'gepa-core/adapter';
import { isNode, type Node } from '../program/node.ts';
import { instructionsOf, isParser } from '../program/parsers.ts';
import { isZodSchema } from '../program/schema/zod.ts';
import { maxOutputTokens } from './call-request.ts';
import { modelName } from './model-call.ts';

/**
 * The parts of a model call besides its messages, from its parameters: model, output limit, tools, answer schema.
 *
 * @param parser the output parser that reads the answer, if any.
 */
export function callContext(
  run: Run,
  parser?: Node,
): Pick<Step, 'model' | 'maxOutputTokens' | 'tools' | 'responseFormat'> {
  const params = { ...nodeOf(run.extra?.options), ...definedIn(nodeOf(run.extra?.invocation_params)) };
  const offered = toolsOf(params);
  const model = modelName(run);
  const limit = maxOutputTokens(run);
  const forced = offered.length === 1 && isForced(params.tool_choice) ? offered[0] : undefined;
  const tools = forced === undefined ? offered : [];
  const responseFormat = answerSchema(params) ?? forced?.arguments ?? answerOf(parser);
  return {
    ...(model === undefined ? {} : { model }),
    ...(limit === undefined || !Number.isFinite(limit) ? {} : { maxOutputTokens: limit }),
    ...(tools.length === 0 ? {} : { tools }),
    ...(responseFormat === undefined ? {} : { responseFormat: describeSchema(responseFormat) }),
  };
}

/** The tools in the forms of the providers, and LangChain's own. */
function toolsOf(params: Node): StepTool[] {
  const definitions = [params.tools, params.functions]
    .flat()
    .filter(isNode)
    .flatMap((tool) => {
      const { functionDeclarations, function_declarations: declarations } = tool;
      const nested = functionDeclarations ?? declarations ?? tool.function ?? tool.toolSpec ?? tool;
      return [nested].flat().filter(isNode);
    });
  const tools = definitions.flatMap((tool) => {
    const { name, description, parameters, input_schema, inputSchema, schema } = tool;
    const form = jsonSchemaOf(
      parameters ?? input_schema ?? nodeOf(inputSchema).json ?? inputSchema ?? schema,
    );
    return typeof name === 'string'
      ? [{ name, description: typeof description === 'string' ? description : '', arguments: form }]
      : [];
  });
  return stepTools(tools);
}

/** Structured output by a tool forces its call; the tool's arguments are then the answer. */
function isForced(choice: unknown): boolean {
  if (typeof choice === 'string') return choice !== 'auto' && choice !== 'none';
  return isNode(choice) && choice.type !== 'auto' && choice.type !== 'none';
}

function answerSchema(params: Node): unknown {
  const { response_format, text, format, output_config, generationConfig, ls_structured_output_format } =
    params;
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
      // In JSON mode the provider does not receive the schema.
      nodeOf(ls_structured_output_format).schema,
    ].find(isNode),
  );
}

/** The answer that a parser expects: its schema, or else its instructions. */
function answerOf(parser: Node | undefined): unknown {
  if (parser === undefined) return undefined;
  const { schema } = parser;
  const isStandardSchema = isNode(schema) && '~standard' in schema && !isZodSchema(schema);
  const found = isNode(schema) && !isStandardSchema ? jsonSchemaOf(schema) : undefined;
  return found ?? (instructionsOf(parser) || undefined);
}

/** The output parser that the next step of a sequence is, by the sequence's run and the run of a step. */
export function parserAfter(sequence: Run, step: Run): Node | undefined {
  const { first, middle, last } = nodeOf((sequence.serialized as { kwargs?: unknown } | null)?.kwargs);
  const position = step.tags?.map((tag) => /^seq:step:(\d+)$/.exec(tag)?.[1]).find(Boolean);
  // Steps are counted from 1.
  const next = position === undefined ? undefined : [first, ...listOf(middle), last][Number(position)];
  return isParser(next) ? next : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
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
