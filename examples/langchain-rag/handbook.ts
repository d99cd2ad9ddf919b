import { Document } from '@langchain/core/documents';
import { BaseRetriever } from '@langchain/core/retrievers';
import { houseRules } from '../langchain-triage/house-rules.ts';

/** The written part of the house rules: the queues. The rules for customers are not in the handbook. */
const pages = houseRules
  .filter(({ sets }) => sets.queue !== undefined)
  .map(({ text }, i) => new Document({ pageContent: text, metadata: { page: i + 1 } }));

/** Finds the handbook pages that have the most words in common with a question. */
export class HandbookRetriever extends BaseRetriever {
  lc_namespace = ['examples', 'rag'];
  readonly pagesFound = 4;

  override async _getRelevantDocuments(query: string): Promise<Document[]> {
    const asked = wordsOf(query);
    const inCommon = (page: Document) =>
      [...wordsOf(page.pageContent)].filter((word) => asked.has(word)).length;
    return pages.toSorted((a, b) => inCommon(b) - inCommon(a)).slice(0, this.pagesFound);
  }
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[a-z]{4,}/g));
}
