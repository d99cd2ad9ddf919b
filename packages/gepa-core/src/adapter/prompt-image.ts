/** An image for a reflection model. */
export interface PromptImage {
  /** The media type, such as `image/png`; `image/*` if it is not known. */
  readonly mediaType: string;
  /** Base64, or the URL of an image on the web. */
  readonly data: string;
}
