/** Versions of packages by name; `undefined`: not installed. */
export type Versions = Readonly<Record<string, string | undefined>>;

/**
 * The lowest versions that the peer ranges of each package allow. The newest providers require newer peers, so older
 * ones are used, or none.
 */
export const lowestPeers: Readonly<Record<string, Versions>> = {
  'gepa-langchain': {
    '@langchain/core': '1.1.0',
    '@langchain/openai': '1.2.0',
    '@langchain/langgraph': '1.1.0',
    '@langchain/langgraph-checkpoint': '1.0.0',
    langchain: '1.2.0',
  },
  'gepa-mastra': {
    '@mastra/core': '1.0.4',
    '@mastra/observability': '1.0.0',
    // The first editor is newer.
    '@mastra/editor': undefined,
    // One zod cannot read the schemas of another, and older versions of Mastra install their own.
    zod: '^4.0.0',
  },
};
