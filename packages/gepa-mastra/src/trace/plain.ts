import { toPlain as convertToPlain } from 'gepa-core/adapter';
import { typeName } from '../program/program.ts';

/** A value as plain data: errors as their message, bytes by their length, instances by their fields. */
export function toPlain(value: unknown): unknown {
  return convertToPlain(value, {
    convert: (object) => (object instanceof Error ? object.message : undefined),
    shortensBase64: true,
    tooDeep: (object) => `[${typeName(object)}]`,
  });
}
