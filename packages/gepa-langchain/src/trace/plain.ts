import { toPlain as convertToPlain } from 'gepa-core/adapter';
import { isMessage, isNode, isRunnable, type Node, typeName } from '../program/node.ts';
import { plainMessage } from './message.ts';

/**
 * A value as plain data: messages as role and content, prompts as their messages, documents as their text, runnables
 * as the name of their type, errors as their message, other instances by their fields.
 */
export function toPlain(value: unknown): unknown {
  return convertToPlain(value, {
    convert: (object, nested) => convertNode(object as Node, nested),
    shortensBase64: true,
    tooDeep: (object) => `[${typeName(object)}]`,
  });
}

function convertNode(value: Node, nested: (field: unknown) => unknown): unknown {
  if (isMessage(value)) return plainMessage(value, nested);
  if (isPromptValue(value)) return 'messages' in value ? nested(value.messages) : value.value;
  // A step of a graph that is sent to a node together with the whole state, which another step shows.
  if (value.lg_name === 'Send') return `[goes on to ${String(value.node)}]`;
  if (value.lg_name === 'Command') return nested(commandAsData(value));
  if (value instanceof Error) return value.message;
  if (isRunnable(value)) return `[${typeName(value)}]`;
  const isSerializable = 'lc_serializable' in value;
  // Dates, URLs and the like have a useful JSON form; that of LangChain's own objects says how they are constructed.
  if (!isSerializable && (typeof value.toJSON === 'function' || ArrayBuffer.isView(value))) return undefined;
  const fields = Object.entries(value);
  const shown = fields.filter(([name, field]) => !name.startsWith('lc_') && typeof field !== 'function');
  if (!isSerializable && shown.length === fields.length) return undefined;
  return Object.fromEntries(shown.map(([name, field]) => [name, nested(field)]));
}

/** What a command changes in the state of a graph, and where it goes. */
function commandAsData({ goto, update, resume }: Node): unknown {
  const isGoing = goto !== undefined && !(Array.isArray(goto) && goto.length === 0);
  return {
    handOffTo: isGoing ? goto : undefined,
    ...(isNode(update) && !Array.isArray(update) ? update : { update }),
    resume,
  };
}

/** What a prompt gives to a model. */
export function isPromptValue(value: unknown): value is Node & { toChatMessages(): unknown } {
  return isNode(value) && typeof value.toChatMessages === 'function';
}
