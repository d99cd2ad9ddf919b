import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The pages in reading order: the sidebar of the site, and the list in the copy that each package ships. */
const all = [
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
      { text: 'A package for a framework', link: '/framework-package' },
    ],
  },
  {
    text: 'Guides',
    items: [
      { text: 'Metrics that teach', link: '/metrics' },
      { text: 'Data', link: '/data' },
      { text: 'Budgets', link: '/budgets' },
      { text: 'Reading a report', link: '/report' },
      { text: 'When it does not get better', link: '/not-better' },
      { text: 'In production', link: '/production' },
      { text: 'Evaluate and compare', link: '/evaluate' },
      { text: 'A gate in CI', link: '/ci-gate' },
      { text: 'To a smaller model', link: '/smaller-model' },
      { text: 'Long runs', link: '/long-runs' },
      { text: 'Several machines', link: '/distributed' },
      { text: 'Going on', link: '/continue' },
    ],
  },
  {
    text: 'Recipes',
    items: [
      { text: 'Recipes', link: '/recipes' },
      { text: 'Runs in other tools', link: '/other-tools' },
    ],
  },
  {
    text: 'Background',
    items: [
      { text: 'How it works', link: '/how-it-works' },
      { text: 'The algorithm in detail', link: '/algorithm' },
      { text: 'Departures from the reference', link: '/departures' },
      { text: 'Coming from Python', link: '/from-python' },
      { text: 'Other optimizers', link: '/comparison' },
      { text: 'Questions', link: '/faq' },
    ],
  },
  {
    text: 'Reference',
    items: [{ text: 'Options, events, result, errors', link: '/options' }],
  },
];

export const sections = all.map(({ text, items }) => ({
  text,
  items: items.filter(({ link }) => existsSync(join(import.meta.dirname, '..', `${link}.md`))),
}));
