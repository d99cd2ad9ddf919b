import { bytesName, imageName, imageOf } from '../../text/images.ts';
import type { Plain } from '../../text/plain.ts';
import { idFields, isToolCall } from './entry-key.ts';

type Fields = Readonly<Record<string, Plain>>;

/**
 * Plain data without fields that only providers need: ids of calls, signatures and positions of message parts, empty fields of
 * messages, tool calls that a message has twice. Parts with only text become texts; images and bytes are only mentioned.
 */
export function withoutNoise(value: Plain): Plain {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return withoutNoiseInList(value);
  const image = imageOf(value);
  if (image !== undefined) return imageName(image);
  const bytes = bytesName(value);
  if (bytes !== undefined) return bytes;
  const isPart = typeof value.type === 'string' && partTypes.test(value.type);
  const isOfProvider = isPart || isMessage(value) || isAnswer(value);
  const fields = Object.entries(value).filter(([name, field]) => {
    if (signatures.test(name)) return typeof field !== 'string';
    if (idFields.has(name) || counters.test(name)) return false;
    if (name === 'id') return !(isPart || isMessage(value) || isToolCall(value));
    if (name === 'index') return !(isPart || isAnswer(value) || isToolCall(value));
    if (providerFields.test(name)) return !isEmpty(field);
    return !(isOfProvider && isEmpty(field)) || (name === 'content' && !hasCalls(value));
  });
  if (isPart && value.type === 'text' && typeof value.text === 'string' && fields.length === 2)
    return value.text;
  return Object.fromEntries(
    fields.map(([name, field]) => [
      name,
      withoutNoise(name === 'content' && hasCalls(value) ? withoutCalls(field) : field),
    ]),
  );
}

/** The parts of a message without the calls that the message also has in a field. */
function withoutCalls(content: Plain): Plain {
  if (typeof content !== 'object' || content === null || !isList(content)) return content;
  const others = content.filter((part) => !callTypes.test(String((part as Fields | null)?.type)));
  return others.length === 0 ? '' : others;
}

/** Parts that are all text are one text. */
function withoutNoiseInList(list: readonly Plain[]): Plain {
  const items = list.map(withoutNoise);
  const isText =
    items.length > 0 && list.every((item, index) => item !== items[index] && typeof item === 'object');
  return isText && items.every((item) => typeof item === 'string') && list.every(isTextPart)
    ? items.join('')
    : items;
}

function isTextPart(part: Plain): boolean {
  return typeof part === 'object' && part !== null && !isList(part) && part.type === 'text';
}

const signatures = /^(signature|thought_?signature|encrypted_?content)$/i;
/** Fields without information about a program. */
const counters = /^(usage_?metadata|safety_?ratings|system_fingerprint)$/i;
/** Fields of providers that are shown only if they are not empty. */
const providerFields =
  /^(additional_kwargs|response_metadata|invalid_tool_calls|provider(Metadata|Options)|(citation|grounding)Metadata|logprobs)$/;
const callTypes = /^(tool[-_](use|call)|function_call)$/;
const partTypes =
  /^(text|input_text|output_text|(redacted_)?thinking|reasoning|(server_)?tool[-_](use|call|result)|function_call(_output)?)$/;
const messageTypes = /^(system|developer|human|user|ai|assistant|tool|message)$/;

/** Whether nothing is in a field, or only fields with nothing in them. */
function isEmpty(field: Plain): boolean {
  return typeof field === 'object' ? Object.values(field ?? {}).every(isEmpty) : field === '';
}

function isMessage(value: Fields): boolean {
  const { role, type } = value;
  return (
    typeof role === 'string' ||
    hasCalls(value) ||
    (typeof type === 'string' && messageTypes.test(type) && 'content' in value)
  );
}

/** One of the answers of a provider's response. */
function isAnswer(value: Fields): boolean {
  const { message, delta, content, finish_reason: reason, finishReason = reason } = value;
  return finishReason !== undefined && [message, delta, content].some((part) => typeof part === 'object');
}

function hasCalls({ toolCalls, tool_calls: calls }: Fields): boolean {
  return [toolCalls, calls].some((list) => Array.isArray(list) && list.length > 0);
}

function isList(value: object): value is readonly Plain[] {
  return Array.isArray(value);
}
