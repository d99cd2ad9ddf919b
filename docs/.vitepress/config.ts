import { defineConfig } from 'vitepress';
import llms from 'vitepress-plugin-llms';
import { sections } from './sidebar.ts';

const repository = 'https://github.com/gepa-ts/gepa-ts';
const description =
  'Optimizes the prompts of LangChain, LangGraph, Mastra and other programs with a language model.';

export default defineConfig({
  title: 'GEPA for TypeScript',
  description,
  head: [
    [
      'link',
      {
        rel: 'icon',
        href: 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="%236366f1"/><path d="M3 12 7 7l2 2 4-5" stroke="white" stroke-width="2" fill="none"/></svg>',
      },
    ],
  ],
  cleanUrls: true,
  lastUpdated: false,
  srcExclude: ['node_modules/**'],
  markdown: {
    config: (md) => {
      // The pages are also read in the repository, where they link to files that the site lacks.
      const outside = /^\.\.\/(?=[A-Z]+(\.md)?\b|(packages|examples|benchmarks|scripts)\/)/;
      const normalize = md.normalizeLink;
      md.normalizeLink = (url) => normalize(url.replace(outside, `${repository}/blob/main/`));
    },
  },
  vite: { plugins: [llms({ ignoreFiles: ['api/**/*', 'node_modules/**/*'], description })] },
  transformPageData: (page) => {
    // Generated pages have no file to edit.
    if (page.relativePath.startsWith('api/')) page.frontmatter.editLink = false;
  },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Guides', link: '/metrics' },
      { text: 'Reference', link: '/options' },
      { text: 'API', link: '/api/' },
    ],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository }],
    editLink: { pattern: `${repository}/edit/main/docs/:path` },
    outline: [2, 3],
    sidebar: [
      ...sections,
      {
        text: 'API',
        link: '/api/',
        collapsed: true,
        items: [
          { text: 'gepa-core', link: '/api/gepa-core/' },
          { text: 'gepa-langchain', link: '/api/gepa-langchain/' },
          { text: 'gepa-mastra', link: '/api/gepa-mastra/' },
        ],
      },
    ],
  },
});
