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

/** The image that a part of a message holds, in the forms of the common providers and frameworks. */
export function imageOf(part: object): PromptImage | undefined {
  const { type, source, image_url: url } = part as Fields;
  if (typeof type !== 'string' || !/image|^file$|^media$/.test(type)) return undefined;
  const fields = { ...(part as Fields), ...(isFields(source) ? source : {}) };
  const { mediaType, mimeType, media_type, mime_type } = fields;
  const named = [mediaType, mimeType, media_type, mime_type].find((name) => typeof name === 'string');
  if (named !== undefined ? !named.startsWith('image/') : !type.includes('image')) return undefined;
  const address = isFields(url) ? url.url : url;
  const content = [address, fields.image, fields.data, fields.url].find((data) => data != null);
  if (content instanceof Uint8Array) return { mediaType: named ?? 'image/*', data: base64Of(content) };
  const text = content instanceof URL ? content.href : content;
  if (typeof text !== 'string') return undefined;
  const [head, typeInUrl] = /^data:(image\/[\w.+-]{1,40});base64,/.exec(text.slice(0, 80)) ?? [''];
  return { mediaType: typeInUrl ?? named ?? 'image/*', data: text.slice(head.length) };
}

/** The images in the parts of messages, anywhere in the values; each once, as many as a prompt may have. */
export function imagesIn(values: readonly unknown[]): PromptImage[] {
  const found = new Map<string, PromptImage>();
  let size = 0;
  const visit = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > maxDepth || ArrayBuffer.isView(value)) return;
    const image = Array.isArray(value) ? undefined : imageOf(value);
    if (image === undefined) {
      for (const field of Object.values(value)) visit(field, depth + 1);
    } else if (isShowable(image) && !found.has(image.data) && found.size < MAX_IMAGES) {
      if (size + image.data.length > MAX_IMAGE_CHARACTERS) return;
      size += image.data.length;
      found.set(image.data, image);
    }
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
  if (/^https?:/.test(data)) return `[image: ${data.length > 200 ? mediaType : data}]`;
  const known = /^\[(\d+) characters of base64\]$/.exec(data)?.[1];
  const bytes = Math.round(((known === undefined ? data.length : Number(known)) * 3) / 4);
  const size = bytes < 1_000 ? `${bytes} bytes` : `${Math.round(bytes / 1_000).toLocaleString('en-US')} kB`;
  return `[image: ${mediaType}, ${size}]`;
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
