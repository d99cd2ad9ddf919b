// @module-tag slow
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { SeedError } from 'gepa-core';
import { type FailingRunOptions, providerFailureSuite } from 'gepa-test-server/suites';
import { gepa } from './gepa.ts';
import { clients } from './testing/clients.ts';

providerFailureSuite('LangChain', {
  seedError: SeedError,
  programs: Object.fromEntries(
    Object.entries(clients).map(([provider, client]) => [
      provider,
      (url: string, options: FailingRunOptions) => {
        const chain = ChatPromptTemplate.fromMessages([['system', 'Answer.']])
          .pipe(client(url, { maxRetries: 0 }))
          .pipe(new StringOutputParser());
        return gepa(chain).compile({
          trainset: [{ input: {} }],
          reflectionModel: async () => '```\nAnswer.\n```',
          ...options,
        });
      },
    ]),
  ),
});
