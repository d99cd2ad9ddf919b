import type { PromptImage } from '../adapter/prompt-image.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The image that bytes or a part of a message contain, in the forms of the common providers and frameworks. */
export function imageOf(part: object): PromptImage | undefined {
  const bytes = bytesOf(part);
  if (bytes !== undefined) return imageOfBytes(bytes);
  const { type, source, image, image_url: url, inlineData = (part as Fields).inline_data } = part as Fields;
  if (isFields(inlineData)) return imageOf({ type: 'file', ...inlineData });
  // The parts of Bedrock have no type: { image: { format, source: { bytes } } }.
  if (isFields(image) && isFields(image.source) && typeof image.format === 'string')
    return imageOf({ type: 'image', mediaType: `image/${image.format}`, data: image.source.bytes });
  if (typeof type !== 'string' || !/image|^file(-data|-url)?$|^media$/.test(type)) return undefined;
  const fields = { ...(part as Fields), ...(isFields(source) ? source : {}) };
  const { mediaType, mimeType, media_type, mime_type } = fields;
  const named = [mediaType, mimeType, media_type, mime_type].find((name) => typeof name === 'string');
  if (named !== undefined ? !named.startsWith('image/') : !type.includes('image')) return undefined;
  const address = isFields(url) && !(url instanceof URL) ? url.url : url;
  const content = [address, fields.image, fields.data, fields.url].find((data) => data != null);
  // Since version 4, the AI SDK has { type: 'data', data } and { type: 'url', url } there.
  const inner = isFields(content) && !isBytes(content) ? (content.data ?? content.url ?? content) : content;
  const data = isFields(inner) ? bytesOf(inner) : undefined;
  if (data !== undefined) return { mediaType: named ?? mediaTypeOf(data), data: base64Of(data) };
  const text = inner instanceof URL ? inner.href : inner;
  if (typeof text !== 'string') return undefined;
  const [head, typeInUrl] = /^data:(image\/[\w.+-]{1,40})(?:;[\w=.-]{1,40})?;base64,/.exec(
    text.slice(0, 120),
  ) ?? [''];
  return { mediaType: typeInUrl ?? named ?? 'image/*', data: text.slice(head.length) };
}

/** Bytes in a value, or in the JSON of a `Buffer`. */
function bytesOf(value: object): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const { type, data } = value as Fields;
  return type === 'Buffer' && Array.isArray(data) ? Uint8Array.from(data as number[]) : undefined;
}

function isBytes(value: object): boolean {
  return bytesOf(value) !== undefined;
}

function imageOfBytes(bytes: Uint8Array): PromptImage | undefined {
  const mediaType = mediaTypeOf(bytes);
  return mediaType === 'image/*' ? undefined : { mediaType, data: base64Of(bytes) };
}

/** The first base64 characters of image formats. */
const beginnings: readonly (readonly [string, string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
];

function mediaTypeOf(bytes: Uint8Array): string {
  return mediaTypeOfBase64(base64Of(bytes.subarray(0, 12))) ?? 'image/*';
}

function mediaTypeOfBase64(base64: string): string | undefined {
  return beginnings.find(([beginning]) => base64.startsWith(beginning))?.[1];
}

/** A data URL anywhere in a text. */
const dataUrls = /data:([\w.+-]{1,40}\/[\w.+-]{1,80})?(?:;[\w=.-]{1,40}){0,3};base64,([\w+/-]{64,}={0,2})/g;
/** Base64 of one or several lines. Shorter base64 may be a word. */
const base64Text = /^(?:[\w+/-]{60,80}\r?\n)*[\w+/-]+={0,2}\s*$/;
const MIN_BASE64_CHARACTERS = 256;

/** Whether a text is only base64. A long word without a digit or sign is text. */
function isBase64(text: string): boolean {
  return text.length > MIN_BASE64_CHARACTERS && base64Text.test(text) && /[\d+/_=-]/.test(text);
}

/** The text with marks such as `[image: image/png, 34 kB]` in place of data URLs and base64. */
export function withoutBase64(text: string): string {
  if (isBase64(text)) {
    const mediaType = mediaTypeOfBase64(text);
    return mediaType === undefined
      ? `[${text.length} characters of base64]`
      : imageName({ mediaType, data: text });
  }
  if (!text.includes(';base64,')) return text;
  return text.replace(dataUrls, (_, mediaType: string | undefined, data: string) =>
    mediaType?.startsWith('image/') === true
      ? imageName({ mediaType, data })
      : `[${mediaType ?? 'data'}, ${sizeOf(data.length)}]`,
  );
}

/** The images in a text: data URLs, or the whole text. */
export function imagesInText(text: string): PromptImage[] {
  const mediaType = mediaTypeOfBase64(text);
  if (mediaType !== undefined && isBase64(text)) return [{ mediaType, data: text.replaceAll(/\s/g, '') }];
  if (!text.includes(';base64,')) return [];
  return Array.from(text.matchAll(dataUrls), ([, mediaType = '', data]) => ({
    mediaType,
    data: data!,
  })).filter(({ mediaType }) => mediaType.startsWith('image/'));
}

/** The mark for an image: `[image: image/png, 34 kB]`. */
export function imageName({ mediaType, data }: PromptImage): string {
  // An adapter may have replaced it by such a mark already.
  if (data.startsWith('[image: ')) return data;
  if (/^https?:/.test(data)) return `[image: ${data.length > 200 ? mediaType : data}]`;
  const known = /^\[(\d+) characters of base64\]$/.exec(data)?.[1];
  return `[image: ${mediaType}, ${sizeOf(known === undefined ? data.length : Number(known))}]`;
}

/** The size of the data in base64 of this length, in words. */
function sizeOf(characters: number): string {
  const bytes = Math.round((characters * 3) / 4);
  return bytes < 1_000 ? `${bytes} bytes` : `${Math.round(bytes / 1_000).toLocaleString('en-US')} kB`;
}

/** The mark for bytes, or for the JSON of a `Buffer`. */
export function bytesName(value: object): string | undefined {
  const bytes = bytesOf(value);
  if (bytes === undefined) return undefined;
  const mediaType = mediaTypeOf(bytes);
  return mediaType === 'image/*'
    ? `[${bytes.byteLength} bytes]`
    : `[image: ${mediaType}, ${sizeOf((bytes.byteLength * 4) / 3)}]`;
}

function base64Of(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 8_192) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  }
  return btoa(binary);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
