/** Shorter values are usually placeholders, such as `test`, and would mask ordinary words. */
const minLength = 8;
const maxLength = 20_000;
/** Bounds the walk through programs with large data in them. */
const maxObjects = 20_000;
const maxDepth = 12;

/** Matches the end of the name of a field, header or query parameter that contains a secret. */
const secretName =
  /(?:(?:api|access|account|auth|functions?|license|master|private|secret|secret[-_]?access|shared|signing|subscription)[-_]?key|secret|(?:access|api|auth|bearer|bot|client|deploy|git(?:hub|lab)|hf|id|refresh|security|service|session|user)[-_]?token|jwt|password|passwd|passphrase|authorization|cookie)s?$|^(?:auth|(?:x-)?token)$/i;
/** The name of an environment variable with a token. Fields such as `eos_token` do not match. */
const secretVariable = /[A-Z]_TOKEN$/;
/** Names that mean a secret only in the query of a URL. */
const queryName = /^(?:key|sig|signature|code)$/i;
/** The name of an environment variable: sometimes the value of a field such as `apiKey`. */
const variableName = /^[A-Z][A-Z_]*$/;
/** A single word, such as `unneeded`, is a placeholder for a key, and would mask ordinary text. A password may be a word. */
const word = /^[A-Z]?[a-z]{1,15}$/;
const passwordName = /pass(?:word|wd|phrase)$/i;

/**
 * The API keys, tokens and passwords in a program or model: values of fields with a name such as `apiKey` or
 * `Authorization`, and credentials in URLs. Walks own fields only, calls no function and no getter, and ignores values
 * of fewer than 8 characters and keys that are a single word.
 */
export function secretsIn(value: unknown): string[] {
  const secrets = new Set<string>();
  const seen = new Set<object>();
  const queue: { readonly name: string; readonly object: object; readonly depth: number }[] = [];

  const visit = (name: string, field: unknown, depth: number) => {
    if (typeof field === 'string') for (const secret of secretsOfField(name, field)) secrets.add(secret);
    else if (typeof field === 'object' || typeof field === 'function') {
      if (field === null || seen.has(field) || seen.size >= maxObjects || depth > maxDepth) return;
      seen.add(field);
      queue.push({ name, object: field, depth });
    }
  };
  visit('', value, 0);
  for (const { name, object, depth } of queue) {
    const fields = fieldsOf(object);
    // The items of a list of keys are keys. Headers may be a list of pairs.
    const isList = Array.isArray(object) || object instanceof Set;
    const [[, first] = []] = fields;
    const listName = isList && typeof first === 'string' && secretName.test(first) ? first : name;
    for (const [field, content] of fields) visit(isList ? listName : field, content, depth + 1);
  }
  return [...secrets];
}

/** The secrets in environment variables that clients of model providers read. */
export function environmentSecrets(): string[] {
  try {
    return secretsIn({ ...globalThis.process?.env });
  } catch {
    // Deno without permission to read the environment.
    return [];
  }
}

function fieldsOf(object: object): readonly (readonly [string, unknown])[] {
  try {
    if (ArrayBuffer.isView(object)) return [];
    if (object instanceof Map || object instanceof Headers) {
      return Array.from(object as Iterable<[unknown, unknown]>, ([name, field]) => [String(name), field]);
    }
    if (object instanceof Set) return Array.from(object, (field) => ['', field]);
    return Object.entries(Object.getOwnPropertyDescriptors(object)).map(([name, { value }]) => [name, value]);
  } catch {
    // A proxy may refuse.
    return [];
  }
}

function secretsOfField(name: string, value: string): string[] {
  if (value.length > maxLength) return [];
  const isSecret = secretName.test(name) || secretVariable.test(name);
  const found = isSecret && !isPlaceholder(name, value) ? [withoutScheme(value)] : [];
  return [...found, ...secretsOfUrl(value)].filter((secret) => secret.length >= minLength);
}

function isPlaceholder(name: string, value: string): boolean {
  return variableName.test(value) || (word.test(withoutScheme(value)) && !passwordName.test(name));
}

/** The credentials of an `Authorization` header. */
function withoutScheme(value: string): string {
  return value.replace(/^(?:Bearer|Basic|Token|Api-Key) +/i, '');
}

function secretsOfUrl(value: string): string[] {
  if (!/^[a-z][a-z\d+.-]{0,20}:\/\//i.test(value)) return [];
  try {
    const url = new URL(value);
    const parameters = [...url.searchParams].filter(
      ([name]) => secretName.test(name) || queryName.test(name),
    );
    const written = url.password || url.username;
    return [written, decodeURIComponent(written), ...parameters.map(([, parameter]) => parameter)];
  } catch {
    return [];
  }
}
