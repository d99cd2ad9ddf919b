import { defineConfig } from 'vitepress';
import llms from 'vitepress-plugin-llms';

const repository = 'https://github.com/gepa-ts/gepa-ts';
const description =
  'Optimizes the prompts of LangChain, LangGraph, Mastra and other programs with a language model.';

export default defineConfig({
  title: 'GEPA for TypeScript',
  description,
  cleanUrls: true,
  lastUpdated: false,
  srcExclude: ['node_modules/**'],
  markdown: {
    config: (md) => {
      // The pages are also read in the repository, where they link to files that the site lacks.
      const normalize = md.normalizeLink;
      md.normalizeLink = (url) => normalize(url.replace(/^\.\.\//, `${repository}/blob/main/`));
    },
  },
  vite: { plugins: [llms({ ignoreFiles: ['api/**/*', 'node_modules/**/*'], description })] },
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
      {
        text: 'Start',
        items: [
          { text: 'In five minutes', link: '/start' },
          { text: 'Your first hour', link: '/first-hour' },
        ],
      },
      {
        text: 'Frameworks',
        items: [
          { text: 'LangChain and LangGraph', link: '/langchain' },
          { text: 'Mastra', link: '/mastra' },
          { text: 'Any other program', link: '/any-program' },
        ],
      },
      {
        text: 'Guides',
        items: [
          { text: 'Metrics that teach', link: '/metrics' },
          { text: 'Data', link: '/data' },
          { text: 'Budgets', link: '/budgets' },
          { text: 'Reading a report', link: '/report' },
          { text: 'Runs in other tools', link: '/other-tools' },
          { text: 'When it does not get better', link: '/not-better' },
          { text: 'Evaluate, compare, gate', link: '/evaluate' },
          { text: 'In production', link: '/production' },
          { text: 'Long runs', link: '/long-runs' },
          { text: 'Going on', link: '/continue' },
          { text: 'Langfuse, MLflow and others', link: '/other-tools' },
        ],
      },
      {
        text: 'Background',
        items: [
          { text: 'How it works', link: '/algorithm' },
          { text: 'Departures from the reference', link: '/departures' },
          { text: 'Coming from Python', link: '/from-python' },
          { text: 'Other tools', link: '/comparison' },
          { text: 'Questions', link: '/faq' },
        ],
      },
      {
        text: 'Reference',
        items: [
          { text: 'Options, events, result, errors', link: '/options' },
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
    ],
  },
});
