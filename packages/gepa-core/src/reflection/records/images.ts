/** An image for a reflection model. */
export interface PromptImage {
  /** The media type, such as `image/png`; `image/*` if it is not known. */
  readonly mediaType: string;
  /** Base64 or, of an image on the web, its URL. */
  readonly data: string;
}

/** More images than this are only named, as are those beyond this many base64 characters. */
const MAX_IMAGES = 8;
const MAX_IMAGE_CHARACTERS = 8_000_000;
const maxDepth = 12;

type Fields = Readonly<Record<string, unknown>>;

/** The image that bytes or a part of a message hold, in the forms of the common providers and frameworks. */
export function imageOf(part: object): PromptImage | undefined {
  const bytes = bytesOf(part);
  if (bytes !== undefined) return imageOfBytes(bytes);
  const { type, source, image, image_url: url, inlineData = (part as Fields).inline_data } = part as Fields;
  if (isFields(inlineData)) return imageOf({ type: 'file', ...inlineData });
  // The parts of Bedrock have no type: { image: { format, source: { bytes } } }.
  if (isFields(image) && isFields(image.source) && typeof image.format === 'string')
    return imageOf({ type: 'image', mediaType: `image/${image.format}`, data: image.source.bytes });
  if (typeof type !== 'string' || !/image|^file$|^media$/.test(type)) return undefined;
  const fields = { ...(part as Fields), ...(isFields(source) ? source : {}) };
  const { mediaType, mimeType, media_type, mime_type } = fields;
  const named = [mediaType, mimeType, media_type, mime_type].find((name) => typeof name === 'string');
  if (named !== undefined ? !named.startsWith('image/') : !type.includes('image')) return undefined;
  const address = isFields(url) && !(url instanceof URL) ? url.url : url;
  const content = [address, fields.image, fields.data, fields.url].find((data) => data != null);
  const data = isFields(content) ? bytesOf(content) : undefined;
  if (data !== undefined) return { mediaType: named ?? mediaTypeOf(data), data: base64Of(data) };
  const text = content instanceof URL ? content.href : content;
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

function imageOfBytes(bytes: Uint8Array): PromptImage | undefined {
  const mediaType = mediaTypeOf(bytes);
  return mediaType === 'image/*' ? undefined : { mediaType, data: base64Of(bytes) };
}

/** How images begin in base64. */
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

/** The text with what stands for data URLs and base64 in it, such as `[image: image/png, 34 kB]`. */
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

function imagesInText(text: string): PromptImage[] {
  const mediaType = mediaTypeOfBase64(text);
  if (mediaType !== undefined && isBase64(text)) return [{ mediaType, data: text.replaceAll(/\s/g, '') }];
  if (!text.includes(';base64,')) return [];
  return Array.from(text.matchAll(dataUrls), ([, mediaType = '', data]) => ({
    mediaType,
    data: data!,
  })).filter(({ mediaType }) => mediaType.startsWith('image/'));
}

/** The images anywhere in the values, in parts of messages, bytes and texts; each once, as many as a prompt may have. */
export function imagesIn(values: readonly unknown[]): PromptImage[] {
  const found = new Map<string, PromptImage>();
  let size = 0;
  const add = (image: PromptImage) => {
    if (!isShowable(image) || found.has(image.data) || found.size >= MAX_IMAGES) return;
    if (size + image.data.length > MAX_IMAGE_CHARACTERS) return;
    size += image.data.length;
    found.set(image.data, image);
  };
  const visit = (value: unknown, depth: number): void => {
    if (typeof value === 'string') for (const image of imagesInText(value)) add(image);
    if (typeof value !== 'object' || value === null || depth > maxDepth) return;
    const image = Array.isArray(value) ? undefined : imageOf(value);
    if (image !== undefined) add(image);
    else if (!ArrayBuffer.isView(value)) for (const field of Object.values(value)) visit(field, depth + 1);
  };
  for (const value of values) visit(value, 0);
  return [...found.values()];
}

/** Whether it is on the web or its bytes are known: adapters may have replaced them by their length. */
function isShowable({ data }: PromptImage): boolean {
  return /^https?:/.test(data) || (data.length > 64 && /^[A-Za-z0-9+/_-]+={0,2}$/.test(data.slice(-64)));
}

/** The words that stand for an image: `[image: image/png, 34 kB]`. */
export function imageName({ mediaType, data }: PromptImage): string {
  // Adapters may have named it already.
  if (data.startsWith('[image: ')) return data;
  if (/^https?:/.test(data)) return `[image: ${data.length > 200 ? mediaType : data}]`;
  const known = /^\[(\d+) characters of base64\]$/.exec(data)?.[1];
  return `[image: ${mediaType}, ${sizeOf(known === undefined ? data.length : Number(known))}]`;
}

/** What base64 of this length stands for. */
function sizeOf(characters: number): string {
  const bytes = Math.round((characters * 3) / 4);
  return bytes < 1_000 ? `${bytes} bytes` : `${Math.round(bytes / 1_000).toLocaleString('en-US')} kB`;
}

/** The words that stand for bytes, or for the JSON of a `Buffer`. */
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
