import type { Agent } from '@mastra/core/agent';
import type { RequestContext } from '@mastra/core/request-context';
import type { Findings, ToolComponents } from './discovery.ts';
import { readSync } from './maybe-promise.ts';
import { toolsOf } from './older-mastra.ts';
import { describedFields, fieldSchemaOf, presentText } from './tool-descriptions.ts';

interface Tool {
  readonly description?: string;
  readonly inputSchema?: object;
  readonly parameters?: object;
}

/** The options of a call that add tools to those of the agent. */
export interface ToolOptions {
  readonly toolsets?: Readonly<Record<string, object>>;
  readonly clientTools?: object;
}

/**
 * Adds the descriptions of an agent's tools and of their input fields to `findings` and `tools`: of its own, and of
 * those that its default options and the options of its calls add.
 */
export function discoverTools(
  findings: Findings,
  agent: Agent,
  agentName: string,
  agentLocation: string,
  tools: Map<string, ToolComponents>,
  requestContext: RequestContext,
  callOptions: ToolOptions,
): void {
  const location = `${agentLocation}, tools`;
  const listed = readSync(() => toolsOf(agent, requestContext));
  if (!('value' in listed)) {
    findings.skip(location, { kind: 'tools', read: listed });
  }
  const defaults = readSync<ToolOptions>(() => agent.getDefaultOptions({ requestContext }) as ToolOptions);
  const offered = {
    ...('value' in listed ? (listed.value as object | undefined) : {}),
    ...toolsAddedBy({ ...('value' in defaults ? defaults.value : {}), ...callOptions }),
  };
  for (const [key, tool] of Object.entries(offered as Record<string, Tool>)) {
    const present = (text: string, field?: string) => presentText(agent, key, text, field);
    tools.set(key, discoverTool(findings, tool, `${agentName}.tools.${key}`, `${location}, ${key}`, present));
  }
}

/** The tools that the options of a call add to those of the agent. */
export function toolsAddedBy({ toolsets = {}, clientTools = {} }: ToolOptions): object {
  return Object.assign({}, ...Object.values(toolsets), clientTools);
}

function discoverTool(
  findings: Findings,
  tool: Tool,
  prefix: string,
  location: string,
  present: (text: string, field?: string) => string,
): ToolComponents {
  const own = tool.description === undefined ? undefined : present(tool.description);
  const description = findings.addDescription(`${prefix}.description`, own, location);
  const fields = new Map<string, string>();
  for (const [path, described] of fieldDescriptionsOf(findings, tool, location)) {
    const text = present(described, path);
    const component = `${prefix}.fields.${path}`;
    if (!fields.has(path)) {
      fields.set(path, component);
      findings.reachable.add(component);
      findings.components[component] = {
        text,
        kind: 'field-description',
        location: `${location}, field ${path}`,
      };
    } else if (findings.components[component]?.text !== text) {
      findings.skip(`${location}, field ${path}, "${text}"`, { kind: 'laterDescription' });
    }
  }
  return { description, fields };
}

function fieldDescriptionsOf(
  findings: Findings,
  tool: Tool,
  location: string,
): [path: string, description: string][] {
  const schema = tool.inputSchema ?? tool.parameters;
  if (schema === undefined) return [];
  const read = readSync(() => describedFields(fieldSchemaOf(schema)));
  if ('value' in read) return read.value;
  findings.skip(`${location}, fields`, { kind: 'fields', read });
  return [];
}
